import type fc from 'fast-check';
import { accepted, reduce, type Delivery, type LedgerEvent } from '../model/ledger.ts';
import { isFinal } from '../../src/domain/delivery.ts';
import { latest } from '../../src/domain/clocks.ts';
import { isBehind, nextOf } from '../model/lane.ts';
import { isMovable } from '../model/ledger-moves.ts';
import { viewOf } from '../model/ledger-view.ts';
import { retryPolicies } from '../../src/domain/retry.ts';
import type { Verdict } from '../../src/domain/step.ts';
import { findNextInLanes } from '../../src/store/waiting/lane.ts';
import { readLedger } from '../../src/store/ledger/ledger.ts';
import { newAttemptId } from '../../src/store/db/new-id.ts';
import type { LedgerBench } from './ledger-bench.ts';
import { letPass, readRows } from './ledger-rows.ts';
import { perform } from './ledger-perform.ts';

/** What the reducer knows: all deliveries of one run of the test, by their position. */
export interface World {
  deliveries: Delivery[];
  /** By how many milliseconds time was moved on so far. */
  offsetMs: number;
}

/** The same deliveries in PostgreSQL. */
export interface Real {
  readonly bench: LedgerBench;
  readonly ids: readonly string[];
  /** How many events of each name changed something. */
  readonly counts: Map<string, number>;
}

/**
 * One delivery to post. Durations end in 5 s and time passes in steps of 10 s, so that no two times are close to each
 * other.
 */
export interface Post {
  readonly lane: number | null;
  readonly holdForMs: number | null;
  /** Position of the earlier post to which it replies. */
  readonly replyTo: number | null;
  readonly isBestEffort: boolean;
}

const policy = { ...retryPolicies.quick, maxAttempts: 3, deadlineMs: 95_000 };
export const timeoutMs = 3_000;
/** A move whose `at` has this value is made even if it changes nothing. */
export const rareAt = 7;
let worlds = 0;

/** PostgreSQL runs on this machine, so it has the same clock. */
const clock = (): number => performance.timeOrigin + performance.now();

export async function makeWorld(bench: LedgerBench, posts: readonly Post[], counts: Map<string, number>) {
  worlds += 1;
  // Deliveries that another world left as `sending` must not take places from this one.
  await bench.sql`
    update deliveries
    set state = 'cancelled', claim_token = null, claim_deadline = null, due_at = null, settled_at = clock_timestamp()
    where state = 'sending'`;
  const made: { message: string; delivery: Delivery }[] = [];
  for (const { lane, holdForMs, replyTo, isBestEffort } of posts) {
    const parent = replyTo === null ? undefined : made[replyTo];
    const conversation = lane === null ? null : `model-${worlds}-${lane}`;
    const { id, deliveries } = await bench.post({
      conversation,
      thread: parent?.message ?? null,
      class: isBestEffort ? 'best-effort' : null,
      deliveries: [{ destination: 'orders', via: 'request', policy, timeoutMs, inLane: lane !== null, holdForMs }],
    });
    const acceptedAt = clock();
    const intent = {
      policy,
      class: isBestEffort ? ('best-effort' as const) : null,
      acceptedAt,
      sendAt: null,
      expiresAt: null,
      holdForMs: lane === null ? null : holdForMs,
      dependsOn: parent?.delivery.id ?? null,
      isReply: true,
    };
    const sequence = posts.slice(0, made.length).filter((one) => one.lane === lane && lane !== null).length + 1;
    const delivery = accepted(deliveries[0] ?? '', intent, conversation, lane === null ? 0 : sequence);
    made.push({ message: id, delivery });
  }
  const deliveries = made.map(({ delivery }) => delivery);
  const model: World = { deliveries, offsetMs: 0 };
  const real: Real = { bench, ids: deliveries.map(({ id }) => id), counts };
  await compare(model, real);
  return { model, real };
}

/**
 * One event with the choices that are open until it happens: the delivery, and which of its attempts, the newest first.
 */
export interface Move {
  readonly at: number;
  readonly attempt: number;
  readonly event: Template;
}

type Template =
  | Exclude<LedgerEvent, { readonly do: 'claim' | 'deliver' | 'fail' | 'release' | 'wait-gate' | 'absent' | 'found' }>
  /** `isStale`: the look-up is for the part before. */
  | { readonly do: 'absent'; readonly final: boolean; readonly isStale: boolean }
  | { readonly do: 'found'; readonly nativeId: string; readonly version: number; readonly isStale: boolean }
  /** A `patient` claim waits until the first delivery that can go is due, so that stories make progress. */
  | {
      readonly do: 'claim';
      readonly version: number;
      readonly patient: boolean;
      readonly parts: number | null;
      readonly isStale: boolean;
    }
  | { readonly do: 'deliver'; readonly nativeId: string }
  | { readonly do: 'release' }
  | { readonly do: 'wait-gate'; readonly isBreaker: boolean }
  | {
      readonly do: 'fail';
      readonly outcome: 'transient' | 'ambiguous' | 'permanent' | 'unknown';
      readonly state: Verdict['state'];
      readonly retryAfterMs: number | undefined;
      readonly canLookUp: boolean;
    };

export function moveCommand({ at, attempt, event: template }: Move): fc.AsyncCommand<World, Real> {
  const isPatient = template.do === 'claim' && template.patient;
  const subject = ({ deliveries }: World): Delivery | undefined =>
    (isPatient ? deliveries.find((one) => isMovable(one) && !isBehind(one, deliveries, 0)) : undefined) ??
    deliveries[at % deliveries.length];
  return {
    check(model) {
      const delivery = subject({ ...model });
      const event = delivery && fill(template, delivery, attempt);
      if (delivery === undefined || event === undefined) return false;
      // Most events that change nothing are left out. The rest shows that they change nothing.
      const now = clock() + model.offsetMs;
      if (isPatient) return isMovable(delivery);
      return at === rareAt || reduce(delivery, event, now, model.deliveries) !== delivery;
    },
    async run(model, real) {
      const delivery = subject(model);
      const event = delivery && fill(template, delivery, attempt);
      if (delivery === undefined || event === undefined) throw new Error('not checked');
      const due = latest(delivery.nextAttemptAt, delivery.notBefore) ?? 0;
      const early = due - clock() - model.offsetMs;
      if (isPatient && early > 0) await pass(model, real, Math.ceil(early / 10_000) * 10_000);
      const now = clock() + model.offsetMs;
      const after = reduce(delivery, event, now, model.deliveries);
      if (after.part > delivery.part) real.counts.set('part', (real.counts.get('part') ?? 0) + 1);
      if (after !== delivery) real.counts.set(event.do, (real.counts.get(event.do) ?? 0) + 1);
      model.deliveries = model.deliveries.map((one) => (one === delivery ? after : one));
      await perform(real.bench, delivery.id, event);
      await compare(model, real);
      await compareNext(after, model, real);
    },
    toString: () => `${at}.${attempt} ${JSON.stringify(template)}`,
  };
}

export function passCommand(seconds: number): fc.AsyncCommand<World, Real> {
  return {
    check: ({ deliveries }) => deliveries.some(({ state }) => !isFinal(state)),
    async run(model, real) {
      await pass(model, real, seconds * 1000);
      await compare(model, real);
    },
    toString: () => `${seconds} s pass`,
  };
}

async function pass(model: World, real: Real, ms: number): Promise<void> {
  await letPass(real.bench.sql, real.ids, ms);
  model.offsetMs += ms;
}

function fill(template: Template, delivery: Delivery, attempt: number): LedgerEvent | undefined {
  const { token, part } = delivery.tries.at(-1 - attempt) ?? {};
  const next = delivery.part + ('isStale' in template && template.isStale ? 0 : 1);
  switch (template.do) {
    case 'claim':
      return {
        do: 'claim',
        version: template.version,
        token: newAttemptId(),
        timeoutMs,
        part: next - 1,
        parts: template.parts,
      };
    case 'wait-gate':
      return { ...template, gate: `destination:${delivery.id}` };
    case 'deliver':
      return token === undefined ? undefined : { ...template, token, version: 1, part: part ?? 1 };
    case 'absent':
    case 'found': {
      const { isStale: _, ...event } = template;
      return { ...event, part: next };
    }
    case 'release':
      return token === undefined ? undefined : { ...template, token };
    case 'fail': {
      if (token === undefined) return undefined;
      const { outcome, state, retryAfterMs, canLookUp } = template;
      const inDoubt =
        delivery.doubt !== null || state === 'uncertain' || outcome === 'ambiguous' || outcome === 'unknown';
      const verdict: Verdict =
        state === 'retrying'
          ? { state, delayMs: 15_000, inDoubt }
          : state === 'parked'
            ? { state, why: 'permanent', inDoubt }
            : { state, inDoubt: true };
      return {
        do: 'fail',
        token,
        outcome,
        verdict,
        canLookUp,
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      };
    }
    default:
      return template;
  }
}

/** Allowed difference between the reducer's clock, which is read before a statement, and the clock of the statement. */
const toleranceMs = 2_000;

async function compare({ deliveries, offsetMs }: World, { bench, ids }: Real): Promise<void> {
  const rows = new Map((await readRows(bench.sql, ids, offsetMs)).map((row) => [row.id, row]));
  for (const { intent: _, ...delivery } of deliveries) expect(near(rows.get(delivery.id), delivery)).toEqual(delivery);
  const now = clock() + offsetMs;
  for (const { id, view } of await readLedger(bench.sql, bench.ring, ids)) {
    const delivery = deliveries.find((one) => one.id === id);
    if (delivery === undefined) throw new Error(`${id} is not of this world`);
    const seen = viewOf(delivery, deliveries, [], now);
    expect(near(view, seen)).toEqual(seen);
  }
}

async function compareNext(delivery: Delivery, { deliveries, offsetMs }: World, { bench }: Real): Promise<void> {
  const next = await findNextInLanes(bench.sql, [delivery.id]);
  const expected = nextOf(delivery, deliveries, clock() + offsetMs);
  expect(next.map((one) => one.delivery).sort()).toEqual(expected.map(({ id }) => id).sort());
}

/** Returns what was read, but with the expected time in place of each time that is near it. */
function near(read: unknown, expected: unknown, key = ''): unknown {
  if (typeof read === 'number' && typeof expected === 'number' && /(At|Ms|since|until|notBefore)$/.test(key))
    return Math.abs(read - expected) <= toleranceMs ? expected : read;
  if (Array.isArray(read) && Array.isArray(expected)) return read.map((one, index) => near(one, expected[index]));
  if (typeof read !== 'object' || read === null || typeof expected !== 'object' || expected === null) return read;
  return Object.fromEntries(
    Object.entries(read).map(([name, value]) => [name, near(value, (expected as Record<string, unknown>)[name], name)]),
  );
}
