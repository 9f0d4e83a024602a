import { formatDuration } from './retry-input.ts';
import { parseDuration } from './retry.ts';

/** A kind of data that is removed by age. Durations are written as users write them. */
interface Kind {
  /** How long it is kept if the tenant does not choose. */
  readonly usual: string;
  /** The range from which a tenant may choose; if absent, the window is fixed. */
  readonly choice?: { readonly shortest: string; readonly longest: string };
  /** It belongs to a message and is removed together with it at the latest. */
  readonly inMessage: boolean;
}

const longest = '3650d';

/**
 * What housekeeping removes, in the order in which it does so. A window counts from the time of storing; for a dedupe
 * key and for data about people it counts from their own `expires_at`, and for a job from its end. A new kind needs one
 * entry here and one remover in the store.
 */
export const retentionKinds = {
  /** The content of a message. A tombstone with the time remains. */
  content: { usual: '30d', choice: { shortest: '1h', longest }, inMessage: true },
  attempts: { usual: '90d', choice: { shortest: '1h', longest }, inMessage: true },
  /** A client that follows the events must be able to be away for a while. */
  events: { usual: '30d', choice: { shortest: '1h', longest }, inMessage: false },
  dedupe: { usual: '0ms', inMessage: false },
  /**
   * Which native message is which of ours. A message whose link was removed can no longer be edited, deleted or replied
   * to.
   */
  links: { usual: '30d', choice: { shortest: '1d', longest }, inMessage: true },
  /** The keys of inbound events, by which a redelivery is recognized, and quarantined bodies. */
  inbox: { usual: '30d', choice: { shortest: '7d', longest }, inMessage: false },
  /**
   * What platforms said about people. The window counts from an entry's own expiry, at most a day after it was fetched.
   */
  people: { usual: '0ms', inMessage: false },
  /**
   * Metadata and deliveries. A message must not be removed before its dedupe key has expired, because the key refers to
   * it; hence 7d.
   */
  messages: { usual: '365d', choice: { shortest: '7d', longest }, inMessage: false },
  /** From the job's end, together with its idempotency key; hence 7d, as for messages. A running job is kept. */
  jobs: { usual: '90d', choice: { shortest: '7d', longest }, inMessage: false },
} as const satisfies Record<string, Kind>;

export type RetentionKind = keyof typeof retentionKinds;

/** A cast, because TypeScript types the result of `Object.keys` as `string[]`. */
export const retentionOrder = Object.keys(retentionKinds) as RetentionKind[];

/** How long each kind is kept, in milliseconds. Null if the window cannot be read, so that the data is kept. */
export type RetentionWindows = Readonly<Record<RetentionKind, number | null>>;

/**
 * Computes the windows of a tenant: its own value, else the default, and for data that belongs to a message no longer
 * than the message is kept. If a tenant's window cannot be read, nothing of that kind is removed: the tenant wanted
 * another value than the default, and removed data does not come back.
 * @param own the tenant's windows by kind, such as `{"content": "7d"}`, as stored. It may be anything.
 */
export function resolveRetention(own: unknown): RetentionWindows {
  const chosen = readWindows(own);
  const wrong = new Set(findRetentionProblems(own).map(({ key }) => key));
  const isUnreadable = wrong.has('');
  const windowOf = (kind: RetentionKind): number | null => {
    if (isUnreadable || wrong.has(kind)) return null;
    return chosen.get(kind) ?? usualWindow(kind);
  };
  const messages = windowOf('messages');
  const entries = retentionOrder.map((kind) => {
    const window = windowOf(kind);
    const isCut = retentionKinds[kind].inMessage && window !== null && messages !== null;
    return [kind, isCut ? Math.min(window, messages) : window] as const;
  });
  return Object.fromEntries(entries) as Record<RetentionKind, number | null>;
}

export interface RetentionProblem {
  /** The key that is wrong; empty if the input is not an object. */
  readonly key: string;
  /** Continues the key: `must be …`. */
  readonly message: string;
}

/** Lists what is wrong with the windows that a tenant chose; empty if they can be used. */
export function findRetentionProblems(own: unknown): RetentionProblem[] {
  if (typeof own !== 'object' || own === null || Array.isArray(own))
    return [{ key: '', message: 'must be an object of durations by kind, such as {"content": "7d"}' }];
  const problems = Object.entries(own).flatMap(([key, value]) => findProblem(key, value));
  const windows = readWindows(own);
  const messages = windows.get('messages');
  if (problems.length > 0 || messages === undefined) return problems;
  for (const [kind, window] of windows)
    if (retentionKinds[kind].inMessage && window > messages) {
      const message = `must not be longer than messages (${formatDuration(messages)}): it goes with its message`;
      problems.push({ key: kind, message });
    }
  return problems;
}

function findProblem(key: string, value: unknown): RetentionProblem[] {
  const kinds = retentionOrder.filter((kind) => choiceOf(kind) !== undefined);
  if (!isKind(key)) return [{ key, message: `is no kind of data; there are ${kinds.join(', ')}` }];
  const choice = choiceOf(key);
  if (choice === undefined) return [{ key, message: `cannot be chosen; there are ${kinds.join(', ')}` }];
  const window = typeof value === 'string' ? parseDuration(value) : undefined;
  if (window !== undefined && window >= parsed(choice.shortest) && window <= parsed(choice.longest)) return [];
  return [{ key, message: `must be a duration between ${choice.shortest} and ${choice.longest}` }];
}

/** The windows that are durations, whatever their length. */
function readWindows(own: unknown): Map<RetentionKind, number> {
  const windows = new Map<RetentionKind, number>();
  if (typeof own !== 'object' || own === null) return windows;
  for (const [key, value] of Object.entries(own)) {
    const window = typeof value === 'string' ? parseDuration(value) : undefined;
    if (isKind(key) && window !== undefined) windows.set(key, window);
  }
  return windows;
}

const isKind = (key: string): key is RetentionKind => Object.hasOwn(retentionKinds, key);

const choiceOf = (kind: RetentionKind): Kind['choice'] => (retentionKinds[kind] as Kind).choice;

function usualWindow(kind: RetentionKind): number {
  return parsed(retentionKinds[kind].usual);
}

/** Parses a duration of the table above. */
function parsed(duration: string): number {
  const ms = parseDuration(duration);
  if (ms === undefined) throw new Error(`"${duration}" is no duration`);
  return ms;
}
