import type { Connector, Outgoing, OutgoingFile } from '../connectors/connector.ts';
import { withFiles as linked } from '../connectors/dialect/files.ts';
import type { Reason } from '../domain/failure.ts';
import type { Attachment, Message } from '../domain/message.ts';
import { readFile } from '../store/files.ts';
import type { FetchedFile } from './fetch-files.ts';
import type { ActivityDeps } from './index.ts';
import type { Job } from './job.ts';

/** How long a run waits for files before it gives its place away. */
const waitMs = 2_000;

/** The message with links to its files, for all that cannot post them. */
export function withLinks(message: Message): Message {
  const { text, attachments = [] } = message.content;
  return { ...message, content: { ...message.content, text: linked(text, attachments) } };
}

/** Whether a message is a file alone, which a connector posts as one. */
export function isFilePost(connector: Connector, { content }: Message, action: Outgoing['action']): boolean {
  const { text, attachments = [] } = content;
  return connector.postsFiles === true && action.kind === 'create' && attachments.length === 1 && text.trim() === '';
}

/** Whether its files must be here before it is sent: that takes longer than a first round has time for. */
export const waitsForFiles = ({ connector, outgoing }: Job): boolean =>
  isFilePost(connector, outgoing.message, outgoing.action);

/**
 * The job with the file that it posts; with a link to it where it cannot be had.
 * @returns undefined where it is still on its way.
 */
export async function withFiles(deps: ActivityDeps, job: Job, signal: AbortSignal): Promise<Job | undefined> {
  const { outgoing, entry } = job;
  const [file] = outgoing.message.content.attachments ?? [];
  if (!waitsForFiles(job) || file === undefined) return job;
  const [fetched] = (await deps.files.fetch(entry.tenant, outgoing.message, waitMs, signal)) ?? [];
  if (fetched === undefined) return undefined;
  if (fetched.state === 'kept')
    return { ...job, outgoing: { ...outgoing, file: outgoingFile(deps, outgoing.message, file, fetched) } };
  return { ...job, outgoing: { ...outgoing, message: withLinks(outgoing.message) }, degraded: linkedInstead(fetched) };
}

function linkedInstead({ reason }: Extract<FetchedFile, { state: 'refused' }>): Reason {
  return { code: reason.code, message: `A file is linked, and not posted: ${reason.message}` };
}

function outgoingFile(
  { sql, ring }: ActivityDeps,
  { id: message }: Message,
  { id, name }: Attachment,
  { token, mediaType, size }: Extract<FetchedFile, { state: 'kept' }>,
): OutgoingFile {
  return {
    name,
    mediaType,
    size,
    isAlone: true,
    open: () => readFile(sql, ring, { message, id, token }, size),
  };
}
