import type {
  RecoveryClass,
  Action,
  Author,
  Connector,
  Outgoing,
  SendContext,
} from '../connectors/contract/connector.ts';
import { replyStep } from '../domain/change.ts';
import type { Reason } from '../domain/failure.ts';
import { connectionGate, destinationGate, type GateName } from '../domain/gate.ts';
import type { Attachment } from '../domain/message.ts';
import { fileHash } from '../store/inbound/files.ts';
import type { LedgerEntry } from '../store/ledger/ledger.ts';
import type { DeliverDeps } from './deps.ts';
import { postsItsFiles, withLinks } from './file-posts.ts';

/** One delivery as an attempt sees it: what is to be sent, to whom, and by which rules. */
export interface AttemptPlan {
  readonly entry: LedgerEntry;
  readonly connector: Connector;
  /** The whole message. `planPost` says which part of it is sent next. */
  readonly whole: Outgoing;
  readonly recoveryClass: RecoveryClass;
  /** The gate whose breaker counts the outcome. */
  readonly breaker: GateName;
  /** What is left out or done otherwise than asked, as far as that is known before any file is fetched. */
  readonly degraded: Reason | undefined;
  readonly context: Omit<SendContext, 'attempt'>;
}

/**
 * Plans an attempt from the ledger alone. It asks no platform and fetches nothing.
 * @returns undefined where the destination was deleted, or where this version has no such connector.
 */
export function planAttempt(
  deps: Pick<DeliverDeps, 'connectors' | 'http' | 'tokens'>,
  entry: LedgerEntry,
  signal: AbortSignal,
): AttemptPlan | undefined {
  const { target } = entry;
  const connector = target === undefined ? undefined : deps.connectors.get(target.connector);
  if (target === undefined || connector === undefined) return undefined;
  const { action, degraded } = actionOf(entry, connector);
  const linked = linkedFiles(connector, entry);
  const author = authorOf(deps, entry);
  const whole: Outgoing = {
    connection: { id: target.connection, settings: target.settings },
    destination: { id: entry.destination, address: target.address },
    delivery: entry.id,
    key: entry.id,
    action,
    // Files that become posts of their own are linked later, and only where they cannot be had (`gatherFiles`).
    message: postsItsFiles(connector, entry.message, action) ? entry.message : withLinks(entry.message, linked),
    ...(author === undefined ? {} : { author }),
  };
  return {
    entry,
    connector,
    whole,
    recoveryClass: connector.recoveryClass(whole, action.kind),
    breaker: connector.isOneService ? connectionGate(target.connection) : destinationGate(entry.destination),
    degraded: degraded ?? editedFiles(connector, entry, linked),
    context: { http: deps.http, tokens: deps.tokens, now: entry.readAt, timeoutMs: entry.timeoutMs, signal },
  };
}

/** The posts that a change changes, or that a reply answers. An edit leaves the posts of files alone. */
export const postsOf = ({ original, action }: LedgerEntry): readonly string[] => {
  const { posts = [], files = [] } = original ?? {};
  return action === 'edit' ? posts.slice(0, posts.length - files.length) : posts;
};

/**
 * The files that the text links: all of them where the connector posts no files, and in an edit those files that are
 * not there as posts of the original.
 */
function linkedFiles({ capabilities, postsFiles }: Connector, { message, action, original }: LedgerEntry) {
  const { attachments = [] } = message.content;
  if (postsFiles !== true) return capabilities.files.level === 'full' ? [] : attachments;
  return attachments.filter(({ id }) => action !== 'edit' || original?.files?.includes(fileHash(id)) !== true);
}

function editedFiles(
  { postsFiles }: Connector,
  { action }: LedgerEntry,
  linked: readonly Attachment[],
): Reason | undefined {
  if (action !== 'edit' || postsFiles !== true || linked.length === 0) return undefined;
  return { code: 'file_linked', message: 'An edit cannot post files, so files that are not posts yet are linked.' };
}

/** A person who spoke on a platform is named on the others. A caller of the API speaks as the bot. */
function authorOf(deps: Pick<DeliverDeps, 'connectors'>, { message }: LedgerEntry): Author | undefined {
  const { sender } = message;
  if (sender?.native === undefined) return undefined;
  const { native, name, avatarUrl } = sender;
  const source = deps.connectors.get(native.connector)?.title ?? native.connector;
  return { name, source, ...(avatarUrl === undefined ? {} : { avatarUrl }) };
}

/** We do not know the id of a post whose answer was lost, so a delete cannot take it back. */
const mayRemain: Reason = {
  code: 'may_remain',
  message: 'The known posts were taken back. One more post may have arrived, and may remain.',
};

interface PlannedAction {
  readonly action: Action;
  readonly degraded: Reason | undefined;
}

function actionOf(entry: LedgerEntry, connector: Connector): PlannedAction {
  const nativeId = postsOf(entry)[0] ?? null;
  switch (entry.action) {
    case 'create':
      return replyOrPost(entry, connector);
    case 'edit':
      return { action: { kind: 'edit', nativeId }, degraded: undefined };
    case 'delete':
      return {
        action: { kind: 'delete', nativeId },
        degraded: entry.original?.inDoubt === true ? mayRemain : undefined,
      };
    default: {
      const emoji = entry.message.content.emoji ?? '';
      return { action: { kind: entry.action, nativeId, emoji }, degraded: undefined };
    }
  }
}

/** A reply whose thread the platform lacks, or whose parent is not there, goes out as a post of its own. */
function replyOrPost({ message, original }: LedgerEntry, connector: Connector): PlannedAction {
  if (message.thread === undefined) return { action: { kind: 'create' }, degraded: undefined };
  const { thread } = connector.capabilities;
  if (thread.level === 'dropped')
    return { action: { kind: 'create' }, degraded: { code: 'no_threads', message: thread.why } };
  const reply = replyStep(original);
  if ('degraded' in reply && connector.addressesByOurIds !== true)
    return { action: { kind: 'create' }, degraded: reply.degraded };
  const parent = 'nativeId' in reply ? reply.nativeId : null;
  return { action: { kind: 'create', thread: { nativeId: parent } }, degraded: undefined };
}
