import type { OutgoingFile } from '../connectors/contract/connector.ts';
import type { Reason } from '../domain/failure.ts';
import { readFile } from '../store/inbound/files.ts';
import type { AttemptPlan } from './attempt-plan.ts';
import type { DeliverDeps, FetchedFile } from './deps.ts';
import { postsItsFiles, type FilesByIndex } from './file-posts.ts';

/** How long an attempt waits for files before it gives its place away. Downloads go on meanwhile. */
const waitMs = 2_000;

/** The files of a delivery that are ready to be posted. */
export interface GatheredFiles {
  readonly byIndex: FilesByIndex;
  /** Why a file is linked instead of posted. */
  readonly degraded: Reason | undefined;
}

export const noFiles: GatheredFiles = { byIndex: new Map(), degraded: undefined };

/** Whether the delivery's files must be here before it is sent. That takes longer than a round has time for. */
export const waitsForFiles = ({ connector, whole }: AttemptPlan): boolean =>
  postsItsFiles(connector, whole.message, whole.action);

/**
 * Gathers the files that are posted with a message. A file that cannot be had is left out, and the text links it.
 * @returns undefined where some files are still on their way after 2 s.
 */
export async function gatherFiles(
  deps: DeliverDeps,
  plan: AttemptPlan,
  signal: AbortSignal,
): Promise<GatheredFiles | undefined> {
  if (!waitsForFiles(plan)) return noFiles;
  const { message } = plan.whole;
  const { attachments = [] } = message.content;
  const fetched = await deps.files.fetch(plan.entry.tenant, message, waitMs, signal);
  if (fetched === undefined) return undefined;
  const byIndex = new Map<number, Omit<OutgoingFile, 'isAlone'>>();
  for (const [index, { id, name }] of attachments.entries()) {
    const file = fetched[index];
    if (file?.state !== 'kept') continue;
    const { token, mediaType, size } = file;
    const open = () => readFile(deps.sql, deps.ring, { message: message.id, id, token }, size);
    byIndex.set(index, { name, mediaType, size, open });
  }
  return { byIndex, degraded: linkedInstead(fetched) };
}

function linkedInstead(fetched: readonly FetchedFile[]): Reason | undefined {
  const refused = fetched.find((file) => file.state === 'refused');
  if (refused?.state !== 'refused') return undefined;
  return { code: refused.reason.code, message: `A file is linked instead of posted: ${refused.reason.message}` };
}
