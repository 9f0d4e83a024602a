import { isFinal, isOpen } from '../../src/domain/delivery.ts';
import { isBehind, isHolding, nextOf } from './lane.ts';
import { accepted, reduce, type Delivery, type LedgerEvent } from './ledger.ts';
import { retryPolicies } from '../../src/domain/retry.ts';
import { fc, runs } from '../support/property.ts';

/** What happens to one delivery of the lane: it is sent, with its outcome; an operator acts on it; or time passes. */
interface Happening {
  readonly at: number;
  readonly do: 'deliver' | 'park' | 'fail' | 'claim' | 'retry' | 'cancel' | 'pass' | 'expire';
  readonly ms: number;
}

const holds = fc.constantFrom(null, 60_000, 60_000, Infinity);
const happenings = fc.array(
  fc.record<Happening>({
    at: fc.nat(4),
    do: fc.constantFrom('deliver', 'deliver', 'park', 'park', 'fail', 'claim', 'retry', 'cancel', 'pass', 'expire'),
    ms: fc.constantFrom(1_000, 30_000, 60_000),
  }),
  { maxLength: 60, size: 'max' },
);

interface Moment {
  readonly now: number;
  readonly lane: readonly Delivery[];
  /** The delivery that was claimed at this moment, as it was before the claim. */
  readonly claimed: Delivery | undefined;
}

/**
 * Plays a story with five deliveries of one lane and returns every moment of it. The fourth is a reply to the first,
 * and the fifth is a change of the first.
 */
function play(holdForMs: number | null, story: readonly Happening[]): Moment[] {
  let now = 0;
  let lane: readonly Delivery[] = Array.from({ length: 5 }, (_, index) => {
    const dependsOn = index < 3 ? null : 'd1';
    const intent = {
      policy: { ...retryPolicies.quick, maxAttempts: 1_000 },
      class: null,
      acceptedAt: 0,
      sendAt: null,
      expiresAt: null,
      holdForMs,
      dependsOn,
      isReply: index === 3,
    };
    return accepted(`d${index + 1}`, intent, 'lane', index + 1);
  });
  const moments: Moment[] = [];
  const apply = (id: string, event: LedgerEvent): void => {
    const before = lane;
    lane = lane.map((one) => (one.id === id ? reduce(one, event, now, before) : one));
    const isClaim = event.do === 'claim' && lane.some((one, index) => one !== before[index]);
    moments.push({ now, lane, claimed: isClaim ? before.find((one) => one.id === id) : undefined });
  };
  for (const [index, happening] of story.entries()) {
    now += 1;
    const { id } = lane[happening.at % lane.length] ?? { id: '' };
    const token = `${id}-${index}`;
    if (happening.do === 'pass') now += happening.ms;
    else if (happening.do === 'retry' || happening.do === 'cancel') apply(id, { do: happening.do });
    else if (happening.do === 'expire') apply(id, { do: 'rest', state: 'expired' });
    else {
      apply(id, { do: 'claim', token, version: 1, timeoutMs: 1_000 });
      const current = lane.find((one) => one.id === id)?.claim?.token;
      if (current === undefined) continue;
      now += 1;
      if (happening.do === 'deliver') apply(id, { do: 'deliver', token: current, nativeId: 'n', version: 1 });
      if (happening.do === 'park')
        apply(id, {
          do: 'fail',
          token: current,
          outcome: 'permanent',
          verdict: { state: 'parked', why: 'permanent', inDoubt: false },
        });
      if (happening.do === 'fail')
        apply(id, {
          do: 'fail',
          token: current,
          outcome: 'transient',
          verdict: { state: 'retrying', delayMs: 1, inDoubt: false },
        });
    }
  }
  return moments;
}

function holdsFor(wanted: (moment: Moment, past: readonly Moment[], holdForMs: number | null) => boolean): void {
  fc.assert(
    fc.property(holds, happenings, (holdForMs, story) => {
      const moments = play(holdForMs, story);
      for (const [index, moment] of moments.entries())
        if (!wanted(moment, moments.slice(0, index), holdForMs))
          throw new Error(JSON.stringify([moment.claimed?.id, moment.now, ...moment.lane.map(brief)]));
    }),
    { numRuns: runs(500) },
  );
}

const brief = ({ id, state, late, hold }: Delivery): string =>
  `${id} ${state} ${late ? 'late' : ''} ${hold?.until ?? ''}`;

const isParked = ({ state }: Delivery): boolean => state === 'parked' || state === 'uncertain';

describe('a lane under random events', () => {
  it('a lane never sends two deliveries at the same time', () => {
    holdsFor(({ lane }) => lane.filter(({ state }) => state === 'sending').length <= 1);
  });

  it('a lane sends only the first of its open deliveries', () => {
    holdsFor(({ lane, claimed }) => {
      const open = lane.filter((one) => isOpen(one.state) && one.id !== claimed?.id);
      return claimed === undefined || open.every(({ sequence }) => sequence > claimed.sequence);
    });
  });

  it('a lane sends nothing behind a delivery that holds it', () => {
    holdsFor(
      ({ lane, claimed, now }) =>
        claimed === undefined || !lane.some((one) => isHolding(one, now) && one.sequence < claimed.sequence),
    );
  });

  it('an open lane always has a delivery that can go, unless one is being sent or a parked one holds it', () => {
    holdsFor(({ lane, now }) => {
      const open = lane.filter(({ state }) => isOpen(state));
      return (
        open.length === 0 ||
        open.some(({ state }) => state === 'sending') ||
        lane.some((one) => isHolding(one, now)) ||
        open.some((one) => !isBehind(one, lane, now))
      );
    });
  });

  it('nothing passes a parked delivery in a lane whose hold has no end', () => {
    holdsFor(
      ({ lane, claimed }, _, holdForMs) =>
        holdForMs !== Infinity ||
        claimed === undefined ||
        !lane.some((one) => isParked(one) && one.sequence < claimed.sequence),
    );
  });

  it('deliveries behind several parked ones wait for one hold in total until the next success', () => {
    holdsFor(({ lane }, _, holdForMs) => {
      if (holdForMs === null) return lane.every(({ hold }) => hold === null);
      const held = lane.filter(isParked).flatMap(({ hold }) => (hold === null ? [] : [hold]));
      const lastDelivered = Math.max(
        0,
        ...lane.filter(({ state }) => state === 'delivered').map((one) => one.settledAt ?? 0),
      );
      const current = held.filter(({ since }) => since > lastDelivered);
      return new Set(current.map(({ until }) => until)).size <= 1;
    });
  });

  it('a delivery that settles wakes every delivery that can go because of it', () => {
    holdsFor(({ lane, now }, past) => {
      const before = past.at(-1)?.lane ?? lane;
      const settled = lane.find((one, index) => !isOpen(one.state) && isOpen(before[index]?.state ?? 'delivered'));
      if (settled === undefined) return true;
      const called = nextOf(settled, lane, now);
      return lane
        .filter((one) => isOpen(one.state) && !isBehind(one, lane, now))
        .every((one) => called.includes(one) || !isBehind(one, before, now));
    });
  });

  it('exactly the deliveries that a later one of their lane has overtaken are marked as late', () => {
    holdsFor(({ lane, claimed }) => {
      if (claimed === undefined) return true;
      const overtaken = lane.some((one) => one.sequence > claimed.sequence && one.state === 'delivered');
      return overtaken ? claimed.late : true;
    });
    holdsFor(({ lane }, past) =>
      lane.every(
        (one) =>
          !one.late || past.some((moment) => moment.claimed !== undefined && moment.claimed.sequence > one.sequence),
      ),
    );
  });

  it('a lane delivers in the order of acceptance, except for deliveries that are marked as late', () => {
    holdsFor(({ lane }) => {
      const out = lane
        .filter(({ state, late }) => state === 'delivered' && !late)
        .sort((a, b) => (a.settledAt ?? 0) - (b.settledAt ?? 0));
      return out.every((one, index) => index === 0 || one.sequence > (out[index - 1]?.sequence ?? 0));
    });
  });

  it('a delivery in a final state never holds its lane', () => {
    holdsFor(({ lane, now }) => !lane.some((one) => isFinal(one.state) && isHolding(one, now)));
  });
});
