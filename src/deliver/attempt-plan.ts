import type {
  Action,
  Author,
  Connector,
  RecoveryClass,
  Outgoing,
  SendContext,
} from '../connectors/contract/connector.ts';
import { changeStep, replyStep } from '../domain/change.ts';
import { connectionGate, destinationGate, type GateName } from '../domain/gate.ts';
import type { Reason } from '../domain/failure.ts';
import type { Attachment } from '../domain/message.ts';
import { nextStep, type Step } from '../domain/step.ts';
import { fileHash } from '../store/inbound/files.ts';
import type { LedgerEntry } from '../store/ledger/ledger.ts';
import { capabilityStep } from './capability-step.ts';
import type { ActivityDeps } from '../activities/index.ts';
import { postOf, type PartOf } from './parts.ts';
import { postsItsFiles, withLinks, type FilesByPlace } from './file-posts.ts';

/** One delivery as an attempt holds it. */
export interface Job {
  readonly entry: LedgerEntry;
  readonly connector: Connector;
  /** The post that is sent next: the whole message, or a part of it. */
  readonly outgoing: Outgoing;
  readonly part?: PartOf;
  /** Once they are here (`withFiles`). */
  readonly files?: FilesByPlace;
  readonly recoveryClass: RecoveryClass;
  /** Whose breaker its outcome counts for. */
  readonly breaker: GateName;
  /** What is left out or done otherwise than asked. */
  readonly degraded: Reason | undefined;
  readonly context: Omit<SendContext, 'attempt'>;
}

/** The posts of what it changes or replies to. */
export const postsOf = ({ original, action }: LedgerEntry): readonly string[] => {
  const { posts = [], files = [] } = original ?? {};
  // Files are not edited.
  return action === 'edit' ? posts.slice(0, posts.length - files.length) : posts;
};

type Target = NonNullable<LedgerEntry['target']>;

/** Puts together what is to be sent, and to whom; undefined where nobody is there to send to. */
export function toJob(deps: ActivityDeps, entry: LedgerEntry, signal: AbortSignal): Job | undefined {
  const { target } = entry;
  const connector = target === undefined ? undefined : deps.connectors.get(target.connector);
  if (target === undefined || connector === undefined) return undefined;
  const { action, degraded } = actionOf(entry, connector);
  const linked = linkedFiles(connector, entry);
  const author = authorOf(deps, entry);
  const whole = {
    ...targetOf(entry, target),
    delivery: entry.id,
    key: entry.id,
    action,
    message: postsItsFiles(connector, entry.message, action) ? entry.message : withLinks(entry.message, linked),
    ...(author === undefined ? {} : { author }),
  };
  // Until its version stands fast it is planned anew: `prepare` says into what. One with files is told by `withFiles`.
  const { outgoing, part, cut } = postOf(
    connector,
    whole,
    entry.isPinned && !postsItsFiles(connector, whole.message, action) ? entry.parts : null,
    entry.part,
    postsOf(entry),
  );
  return {
    entry,
    connector,
    outgoing,
    ...(part === undefined ? {} : { part }),
    recoveryClass: connector.recoveryClass(outgoing, action.kind),
    breaker: connector.isOneService ? connectionGate(target.connection) : destinationGate(entry.destination),
    degraded: cut ?? degraded ?? editedFiles(connector, entry, linked),
    context: { http: deps.http, tokens: deps.tokens, now: entry.readAt, timeoutMs: entry.timeoutMs, signal },
  };
}

/** Those that are named in the text: where the connector posts none, and of an edit those that its original did not post. */
function linkedFiles({ capabilities, postsFiles }: Connector, { message, action, original }: LedgerEntry) {
  const { attachments = [] } = message.content;
  if (postsFiles !== true) return capabilities.files.level === 'full' ? [] : attachments;
  return attachments.filter(({ id }) => action !== 'edit' || original?.files?.includes(fileHash(id)) !== true);
}

function editedFiles({ postsFiles }: Connector, { action }: LedgerEntry, linked: readonly Attachment[]) {
  if (action !== 'edit' || postsFiles !== true || linked.length === 0) return undefined;
  return { code: 'file_linked', message: 'An edit posts no files: those that are not there as posts are linked.' };
}

/** Whoever spoke on a platform is named on the others; a caller of the API speaks as the bot. */
function authorOf(deps: ActivityDeps, { message }: LedgerEntry): Author | undefined {
  const { sender } = message;
  if (sender?.native === undefined) return undefined;
  const { native, name, avatarUrl } = sender;
  const source = deps.connectors.get(native.connector)?.title ?? native.connector;
  return { name, source, ...(avatarUrl === undefined ? {} : { avatarUrl }) };
}

function targetOf(entry: LedgerEntry, { connection, settings, address }: Target) {
  return { connection: { id: connection, settings }, destination: { id: entry.destination, address } };
}

/** What may have arrived without an answer has no id that we know, and so is not taken back. */
const mayRemain = {
  code: 'may_remain',
  message: 'What is known to be there is taken back; one post more may have arrived, and may remain.',
};

function actionOf(entry: LedgerEntry, connector: Connector): { action: Action; degraded: Reason | undefined } {
  const { original } = entry;
  const nativeId = postsOf(entry)[0] ?? null;
  if (entry.action === 'edit') return { action: { kind: 'edit', nativeId }, degraded: undefined };
  if (entry.action === 'delete')
    return { action: { kind: 'delete', nativeId }, degraded: original?.inDoubt === true ? mayRemain : undefined };
  if (entry.action !== 'create')
    return { action: { kind: entry.action, nativeId, emoji: entry.message.content.emoji ?? '' }, degraded: undefined };
  if (entry.message.thread === undefined) return { action: { kind: 'create' }, degraded: undefined };
  const { thread } = connector.capabilities;
  if (thread.level === 'dropped')
    return { action: { kind: 'create' }, degraded: { code: 'thread_dropped', message: thread.why } };
  const reply = replyStep(original);
  if ('degraded' in reply && connector.addressesByOurIds !== true)
    return { action: { kind: 'create' }, degraded: reply.degraded };
  const parent = 'nativeId' in reply ? reply.nativeId : null;
  return { action: { kind: 'create', thread: { nativeId: parent } }, degraded: undefined };
}

/** The one thing to do next: what the ledger says, and whether a change finds anything to change. */
export function stepOf({ entry, connector, recoveryClass }: Job): Step | { do: 'skip' | 'park'; reason: Reason } {
  const step = nextStep(entry.view, recoveryClass, entry.target?.ambiguous ?? 'at-least-once');
  if (step.do !== 'send') return step;
  const lacking = capabilityStep(entry, connector);
  if (lacking !== undefined) return lacking;
  if (entry.action === 'create') return step;
  const { posts = [], files = [] } = entry.original ?? {};
  if (entry.action === 'edit' && files.length > 0 && posts.length === files.length)
    return {
      do: 'skip',
      reason: { code: 'files_alone', message: 'It is there as files alone, which cannot be edited.' },
    };
  const change = changeStep(entry.action, entry.original, {
    version: entry.version,
    byOurIds: connector.addressesByOurIds === true,
    isManual: entry.view.isManual,
  });
  return change.do === 'send' ? step : { do: change.do, reason: { code: change.code, message: change.message } };
}
