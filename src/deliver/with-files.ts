import type { OutgoingFile } from '../connectors/contract/connector.ts';
import type { Reason } from '../domain/failure.ts';
import { readFile } from '../store/inbound/files.ts';
import type { FetchedFile } from './fetch-files.ts';
import { postsItsFiles, withLinks } from './file-posts.ts';
import type { ActivityDeps } from '../activities/index.ts';
import { postsOf, type Job } from './attempt-plan.ts';
import { postOf } from './parts.ts';

/** How long a run waits for files before it gives its place away. */
const waitMs = 2_000;

/** Whether its files must be here before it is sent: that takes longer than a first round has time for. */
export const waitsForFiles = ({ connector, outgoing }: Job): boolean =>
  postsItsFiles(connector, outgoing.message, outgoing.action);

/**
 * The job with its files: those that can be had are posts behind the text, the others are linked in it.
 * @returns undefined where some are still on their way.
 */
export async function withFiles(deps: ActivityDeps, job: Job, signal: AbortSignal): Promise<Job | undefined> {
  if (!waitsForFiles(job)) return job;
  const { entry, connector, outgoing } = job;
  const { message } = outgoing;
  const { attachments = [] } = message.content;
  const fetched = await deps.files.fetch(entry.tenant, message, waitMs, signal);
  if (fetched === undefined) return undefined;
  const files = new Map<number, Omit<OutgoingFile, 'isAlone'>>();
  for (const [place, { id, name }] of attachments.entries()) {
    const one = fetched[place];
    if (one?.state !== 'kept') continue;
    const { token, mediaType, size } = one;
    const open = () => readFile(deps.sql, deps.ring, { message: message.id, id, token }, size);
    files.set(place, { name, mediaType, size, open });
  }
  const linked = attachments.filter((_, place) => !files.has(place));
  const whole = { ...outgoing, message: withLinks(message, linked) };
  const parts = entry.isPinned ? entry.parts : null;
  const { outgoing: next, part, cut } = postOf(connector, whole, parts, entry.part, postsOf(entry), files);
  const degraded = cut ?? linkedInstead(fetched) ?? job.degraded;
  return { ...job, outgoing: next, ...(part === undefined ? {} : { part }), files, degraded };
}

function linkedInstead(fetched: readonly FetchedFile[]): Reason | undefined {
  const refused = fetched.find((one) => one.state === 'refused');
  if (refused?.state !== 'refused') return undefined;
  return { code: refused.reason.code, message: `A file is linked, and not posted: ${refused.reason.message}` };
}
