import { formatDuration } from './retry-input.ts';
import { parseDuration } from './retry.ts';

/** One kind of data that is removed by age. Durations as users write them. */
interface Kind {
  /** How long it is kept where the tenant says nothing. */
  readonly usual: string;
  /** What a tenant may choose; without it the window is fixed. */
  readonly choice?: { readonly shortest: string; readonly longest: string };
  /** It belongs to a message, and goes with it at the latest. */
  readonly inMessage: boolean;
}

const longest = '3650d';

/**
 * What housekeeping removes, in the order in which it does. A window counts from when the thing was stored; that of a
 * dedupe key, and of what is known of people, from its own `expires_at`, that of a job from its end. A new kind is one entry here and one remover in the store.
 */
export const retentionKinds = {
  /** What a message says; a tombstone with the time stays. */
  content: { usual: '30d', choice: { shortest: '1h', longest }, inMessage: true },
  attempts: { usual: '90d', choice: { shortest: '1h', longest }, inMessage: true },
  /** Whoever follows them must be able to be away for a while. */
  events: { usual: '30d', choice: { shortest: '1h', longest }, inMessage: false },
  dedupe: { usual: '0ms', inMessage: false },
  /** Which native message is which of ours: what is older is edited, deleted and replied to no more. */
  links: { usual: '30d', choice: { shortest: '1d', longest }, inMessage: true },
  /** Keys of what platforms sent, by which a redelivery is known, and bodies in quarantine. */
  inbox: { usual: '30d', choice: { shortest: '7d', longest }, inMessage: false },
  /** What platforms said of people; from its own end, which is a day after it was asked for at most. */
  people: { usual: '0ms', inMessage: false },
  /** Metadata and deliveries. Never before the message's dedupe key has expired, which looks for it: hence 7d. */
  messages: { usual: '365d', choice: { shortest: '7d', longest }, inMessage: false },
  /** From its end, with its idempotency key: hence 7d, as with messages. One that runs is kept. */
  jobs: { usual: '90d', choice: { shortest: '7d', longest }, inMessage: false },
} as const satisfies Record<string, Kind>;

export type RetentionKind = keyof typeof retentionKinds;

/** Typed by name, because TypeScript does not keep the keys of `Object.keys`. */
export const retentionOrder = Object.keys(retentionKinds) as RetentionKind[];

/** Milliseconds that each kind is kept; null where nobody can say, so that it is kept for good. */
export type RetentionWindows = Readonly<Record<RetentionKind, number | null>>;

/**
 * The windows of a tenant, with all precedence in one place: the tenant's own, else the default; and what belongs to a
 * message is kept no longer than the message. One that cannot be read removes nothing: its owner wanted something else
 * than the default, and what is gone does not come back.
 * @param own the tenant's windows by kind, such as `{"content": "7d"}`; as stored, so anything at all may come in.
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
  /** The kind, or what stands where a kind should; empty when it is no object at all. */
  readonly key: string;
  /** Goes behind the key: `must be …`. */
  readonly message: string;
}

/** What is wrong with windows that a tenant chose; empty when they can be used. */
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

/** Those that are durations, whatever their size. */
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

/** Of a duration of the table above. */
function parsed(duration: string): number {
  const ms = parseDuration(duration);
  if (ms === undefined) throw new Error(`"${duration}" is no duration`);
  return ms;
}
