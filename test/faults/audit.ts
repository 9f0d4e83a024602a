import { destinations, type Destination } from './destinations.ts';
import type { Accepted } from './loader.ts';
import { readText, textOf, type MessageName } from './operations.ts';

/** One delivery, as the API shows it. */
export interface ShownDelivery {
  readonly id: string;
  readonly message: string;
  readonly destination: string;
  readonly state: string;
  readonly late: boolean;
  readonly reason: string | undefined;
  readonly attempts: readonly ShownAttempt[];
}

export interface ShownAttempt {
  readonly number: number;
  /** `manual` when an operator asked for the attempt. No operator takes part in a soak. */
  readonly trigger: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly outcome: string | null;
  readonly late: boolean;
  readonly code?: string;
  readonly status?: number;
  readonly worker: string;
}

/** What a sink holds for one delivery. Sinks list the deliveries in the order in which they first arrived. */
export interface Held {
  readonly destination: Destination;
  readonly delivery: string;
  /** The present text. */
  readonly text: string;
  /** Number of posts. A receiver that does not ignore repeated ids would have acted on each. */
  readonly copies: number;
  readonly sameBody: boolean;
  /** Whether the post was deleted after it had arrived. */
  readonly deleted?: boolean;
}

/** The promises, named by what breaks them. */
export type Break =
  | 'refused'
  | 'lost'
  | 'doubled'
  | 'changed'
  | 'stranger'
  | 'not at rest'
  | 'parked'
  | 'sent again after a doubt'
  | 'doubt not shown'
  | 'out of order'
  | 'old text'
  | 'not deleted';

export interface Offence {
  readonly what: Break;
  readonly destination: string;
  readonly delivery: string;
  readonly detail: string;
}

/** Figures of one destination. The first four count deliveries by their end. */
export interface Counts {
  accepted: number;
  delivered: number;
  uncertain: number;
  /** Deliveries that ended without a post because their message was edited or deleted. */
  skipped: number;
  /** Deliveries that a sink holds more than once. That is right for a receiver that ignores repeated ids. */
  repeated: number;
  /** Deliveries that arrived out of order and that the API marks as late. */
  late: number;
  /** Uncertain deliveries that arrived after a later one, because their lane had already gone on. */
  overtaken: number;
  attempts: number;
  /** Attempts that may have arrived, and attempts whose process died. */
  ambiguous: number;
  died: number;
}

export interface Audit {
  readonly counts: Readonly<Record<string, Counts>>;
  readonly offences: readonly Offence[];
}

/** States in which deliveries of a deleted message, and of its edits, may end. */
const endsOfChanged = new Set(['cancelled', 'skipped']);
const doubtful = new Set(['ambiguous', 'unknown']);

/** Compares the accepted messages with what the sinks hold and what the API says. Pure. */
export function audit(
  accepted: readonly Accepted[],
  shown: ReadonlyMap<string, ShownDelivery>,
  held: readonly Held[],
): Audit {
  const offences: Offence[] = [];
  const counts: Record<string, Counts> = {};
  const countsOf = (destination: string): Counts =>
    (counts[destination] ??= {
      accepted: 0,
      delivered: 0,
      uncertain: 0,
      skipped: 0,
      repeated: 0,
      late: 0,
      overtaken: 0,
      attempts: 0,
      ambiguous: 0,
      died: 0,
    });
  const blame = (what: Break, destination: string, delivery: string, detail: string): void =>
    void offences.push({ what, destination, delivery, detail });
  const holding = new Map(held.map((one) => [one.delivery, one]));
  const changes = changesOf(accepted);

  for (const { operation, id, deliveries } of accepted) {
    const change = changes.get(nameOf(operation));
    if (operation.kind === 'create')
      for (const destination of destinations)
        if (!deliveries.some((one) => one.destination === destination))
          blame('lost', destination, id, 'accepted without a delivery to it');
    for (const { id: delivery, destination } of deliveries) {
      const count = countsOf(destination);
      const offend = (what: Break, detail: string): void => blame(what, destination, delivery, detail);
      const it = shown.get(delivery);
      const there = holding.get(delivery);
      count.accepted += 1;
      if (it === undefined) {
        offend('lost', `the API does not know it; message ${id}`);
        continue;
      }
      count.attempts += it.attempts.length;
      count.ambiguous += it.attempts.filter(({ outcome }) => outcome === 'ambiguous').length;
      count.died += it.attempts.filter(({ outcome }) => outcome === 'unknown').length;
      if (there !== undefined && there.copies > 1) count.repeated += 1;
      checkState(it, there, destination, change !== undefined || operation.kind !== 'create', count, offend);
      if (destination === 'once') checkDoubt(it, offend);
      else if (operation.kind === 'create') checkChanges(operation, change, it, there, offend);
    }
  }
  const known = new Set(accepted.flatMap(({ deliveries }) => deliveries.map(({ id }) => id)));
  for (const { destination, delivery, text } of held)
    if (!known.has(delivery)) blame('stranger', destination, delivery, text);
  checkOrder(accepted, shown, held, countsOf, blame);
  return { counts, offences };
}

type Offend = (what: Break, detail: string) => void;
interface Change {
  version: number;
  deleted: boolean;
}

const nameOf = ({ conversation, number }: MessageName): string => `${conversation}-${number}`;

function changesOf(accepted: readonly Accepted[]): ReadonlyMap<string, Change> {
  const changes = new Map<string, Change>();
  for (const { operation } of accepted) {
    if (operation.kind === 'create') continue;
    const change = changes.get(nameOf(operation)) ?? { version: 1, deleted: false };
    if (operation.kind === 'edit') change.version = Math.max(change.version, operation.version);
    else change.deleted = true;
    changes.set(nameOf(operation), change);
  }
  return changes;
}

/**
 * Whether the delivery is uncertain because of a cancel: stopped by the command itself, or by the end of the attempt
 * that was being sent then, whose reason it has.
 */
const isCancelledInDoubt = ({ state, reason = '', attempts }: ShownDelivery): boolean => {
  const last = attempts.at(-1);
  const isOfAttempt = doubtful.has(last?.outcome ?? '') && reason.startsWith(`${last?.code}: `);
  return state === 'uncertain' && (reason.startsWith('cancelled_in_doubt') || isOfAttempt);
};

function checkState(
  it: ShownDelivery,
  there: Held | undefined,
  destination: string,
  isChanged: boolean,
  count: Counts,
  offend: Offend,
): void {
  const copies = there?.copies ?? 0;
  if (it.state === 'delivered') {
    count.delivered += 1;
    if (there === undefined && !isChanged) offend('lost', 'delivered, says the API, and the sink does not hold it');
  } else if (it.state === 'uncertain' && destination === 'once') count.uncertain += 1;
  else if (isChanged && endsOfChanged.has(it.state)) count.skipped += 1;
  // The message was deleted while an attempt was in doubt. A receiver that ignores repeated keys cannot be asked, and
  // nothing more may be sent.
  else if (isChanged && destination === 'folding' && isCancelledInDoubt(it)) count.uncertain += 1;
  // An edit of an uncertain delivery waits until an operator decides about that delivery.
  else if (isChanged && destination === 'once' && it.reason?.startsWith('original_uncertain') === true)
    count.uncertain += 1;
  else if (['queued', 'waiting', 'sending', 'retrying'].includes(it.state)) offend('not at rest', it.state);
  else offend('parked', `${it.state}: ${it.reason ?? 'without a reason'}`);
  if (copies > 1 && destination !== 'folding') offend('doubled', `${copies} times`);
  if (there !== undefined && !there.sameBody) offend('changed', `${copies} copies with different bodies`);
}

/** Checks at-most-once: no attempt follows one that may have arrived, and the delivery shows that it is in doubt. */
function checkDoubt(it: ShownDelivery, offend: Offend): void {
  const first = it.attempts.findIndex(({ outcome, late }) => outcome !== null && doubtful.has(outcome) && !late);
  if (first < 0) {
    if (it.state === 'uncertain') offend('doubt not shown', 'uncertain, and no attempt may have arrived');
    return;
  }
  if (first < it.attempts.length - 1)
    offend('sent again after a doubt', `attempt ${first + 1} of ${it.attempts.length} may have arrived`);
  // A success that becomes known later counts.
  if (it.state !== 'uncertain' && it.state !== 'delivered') offend('doubt not shown', `${it.state} after a doubt`);
  if (it.state === 'delivered' && !it.attempts.some(({ outcome }) => outcome === 'delivered'))
    offend('doubt not shown', 'delivered, and no attempt was answered');
}

function checkChanges(
  name: MessageName,
  change: Change | undefined,
  it: ShownDelivery,
  there: Held | undefined,
  offend: Offend,
): void {
  if (change?.deleted === true) {
    if (there !== undefined && there.deleted !== true && it.destination === 'slack') offend('not deleted', there.text);
    return;
  }
  const newest = textOf(name, change?.version);
  // A webhook gets an edit as a message of its own. What it holds under this id stays the first text.
  if (it.destination === 'slack' && there !== undefined && there.text !== newest && it.state !== 'skipped')
    offend('old text', `"${there.text}" instead of "${newest}"`);
}

/** Checks that the numbers of each conversation rise at each sink, by first arrival. */
function checkOrder(
  accepted: readonly Accepted[],
  shown: ReadonlyMap<string, ShownDelivery>,
  held: readonly Held[],
  countsOf: (destination: string) => Counts,
  blame: (what: Break, destination: string, delivery: string, detail: string) => void,
): void {
  const created = new Set(
    accepted.flatMap(({ operation, deliveries }) =>
      operation.kind === 'create' ? deliveries.map(({ id }) => id) : [],
    ),
  );
  const highest = new Map<string, number>();
  for (const { destination, delivery, text } of held) {
    const name = readText(text);
    if (name === undefined || !created.has(delivery)) continue;
    const lane = `${destination} ${name.conversation}`;
    const before = highest.get(lane) ?? 0;
    if (name.number > before) {
      highest.set(lane, name.number);
      continue;
    }
    const it = shown.get(delivery);
    if (it?.late === true) countsOf(destination).late += 1;
    else if (it?.state === 'uncertain') countsOf(destination).overtaken += 1;
    else blame('out of order', destination, delivery, `${nameOf(name)} arrived after number ${before}`);
  }
}
