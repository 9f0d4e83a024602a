import { isFinal, isOpen, mayMove } from '../../src/domain/delivery.ts';
import { reduce, accepted, type Delivery, type Try } from './ledger.ts';
import { retryPolicies } from '../../src/domain/retry.ts';
import { runningDeadline } from '../../src/domain/clocks.ts';
import { play, settings, stories, type Moved } from './ledger-story.ts';
import { fc, runs } from '../support/property.ts';

/** Fails with the move that broke it. `wanted` sees what was before it, too. */
function holdsFor(wanted: (move: Moved, before: readonly Moved[]) => boolean): void {
  fc.assert(
    fc.property(settings, stories, (setting, story) => {
      const moves = play(setting, story);
      for (const [index, move] of moves.entries())
        if (!wanted(move, moves.slice(0, index))) throw new Error(JSON.stringify(move));
    }),
    { numRuns: runs(400) },
  );
}

const isClaimed = ({ before, after, event }: Moved): boolean => event.do === 'claim' && after !== before;
const isAsked = ({ before, after, event }: Moved): boolean => event.do === 'retry' && after !== before;

const mayHaveArrived = (outcome: Try['outcome'] | undefined): boolean =>
  outcome === 'ambiguous' || outcome === 'unknown';

/** An operator wanted it sent after the last attempt that may have arrived, for all that is known by now. */
function isAskedInDoubt({ before: { tries } }: Moved, past: readonly Moved[]): boolean {
  const raised = past.map(({ before, after, event }) => {
    const isFailed = event.do === 'fail' && before.state === 'sending' && after.state !== 'sending';
    return isFailed && mayHaveArrived(tries.find(({ token }) => token === event.token)?.outcome);
  });
  return past.slice(raised.lastIndexOf(true) + 1).some(isAsked);
}

describe('whatever happens, a delivery', () => {
  it('goes only ways that have a name', () => {
    holdsFor(({ before, after }) => before.state === after.state || mayMove(before.state, after.state));
  });

  it('leaves a final state only by a late success', () => {
    holdsFor(
      ({ before, after, event }) =>
        !isFinal(before.state) ||
        before.state === after.state ||
        (event.do === 'deliver' && after.state === 'delivered'),
    );
  });

  it('is never tried more often than allowed', () => {
    holdsFor(({ after }) => after.attempts <= after.maxAttempts && after.attempts >= after.cycleStart);
  });

  it('that may have arrived goes out again as the same version', () => {
    holdsFor(
      ({ before, after }) =>
        (after.doubt === null || after.pinnedVersion !== null) &&
        (before.doubt === null || after.doubt === null || before.pinnedVersion === after.pinnedVersion),
    );
  });

  it('of class B that may have arrived is not sent before two look-ups found nothing, 2 s apart', () => {
    holdsFor((move) => move.behaviour.recoveryClass.kind !== 'B' || !isClaimed(move) || move.before.doubt === null);
    holdsFor(({ before, event, now }) => {
      if (event.do !== 'absent' || !event.final || before.doubt === null) return true;
      return before.absentAt !== null && now - before.absentAt >= 2_000 && now >= before.doubt.until;
    });
  });

  it('of class B that may have arrived is not looked for without an end', () => {
    holdsFor(
      ({ after, event }) => event.do !== 'look-up' || (after.deadlineAt !== null && after.clockStoppedAt === null),
    );
  });

  it('of class C, at most once, is not sent again after a doubt unless somebody asked', () => {
    holdsFor((move, past) => {
      const { recoveryClass, ambiguous } = move.behaviour;
      if (recoveryClass.kind !== 'C' || ambiguous !== 'at-most-once') return true;
      return !isClaimed(move) || move.before.doubt === null || isAskedInDoubt(move, past);
    });
  });

  it('of class A, at most once, is not sent again once the peer has forgotten it, unless somebody asked', () => {
    holdsFor((move, past) => {
      const { recoveryClass, ambiguous } = move.behaviour;
      if (recoveryClass.kind !== 'A' || ambiguous !== 'at-most-once' || !isClaimed(move)) return true;
      const { doubt } = move.before;
      const isForgotten = doubt !== null && move.now - doubt.since > recoveryClass.memoryMs;
      return !isForgotten || isAskedInDoubt(move, past);
    });
  });

  it('is delivered exactly when it has a receipt, or will be when the attempt under way ends', () => {
    holdsFor(({ after: { state, receipts } }) =>
      state === 'delivered' ? receipts.length > 0 : receipts.length === 0 || state === 'sending',
    );
  });

  it('keeps every receipt', () => {
    holdsFor(({ before, after }) => before.receipts.every((receipt) => after.receipts.includes(receipt)));
  });

  it('never gets an earlier deadline, but in a new round', () => {
    holdsFor((move) => {
      const { before, after, now } = move;
      const [was, is] = [runningDeadline(before, now), runningDeadline(after, now)];
      return was === null || isAsked(move) || (is !== null && is >= was);
    });
  });

  it('has a time by which it is looked after while it is open', () => {
    holdsFor(({ after }) => !isOpen(after.state) || after.dueAt !== null);
  });

  it('that is not wanted any more is never sent again, unless somebody asks', () => {
    holdsFor((move) => !isClaimed(move) || move.before.cancelRequestedAt === null);
    holdsFor(
      (move) => move.before.cancelRequestedAt === null || isAsked(move) || move.after.cancelRequestedAt !== null,
    );
  });

  it('is sent by nobody before the platform’s and its own wait are over', () => {
    holdsFor((move) => !isClaimed(move) || (move.before.nextAttemptAt ?? 0) <= move.now);
  });

  it('takes an event that comes twice as if it had come once', () => {
    holdsFor(({ before, after, event, now }) => {
      if (before === after || !['claim', 'deliver', 'fail', 'release', 'found', 'expire', 'rest'].includes(event.do))
        return true;
      return same(reduce(after, event, now), after);
    });
  });
});

const same = (one: Delivery, other: Delivery): boolean => JSON.stringify(one) === JSON.stringify(other);

describe('a story', () => {
  it('gets everywhere', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(settings, stories, (setting, story) => {
        for (const { before, after, event } of play(setting, story))
          if (after !== before) seen.add(`${event.do} → ${after.state}`);
      }),
      { numRuns: 2_000, seed: 1 },
    );
    for (const way of [
      'fail → uncertain',
      'deliver → delivered',
      'found → delivered',
      'rest → expired',
      'rest → uncertain',
      'rest → parked',
      'absent → retrying',
      'release → queued',
      'fail → cancelled',
      'retry → queued',
      'wait-gate → waiting',
    ])
      expect([...seen]).toContain(way);
  });
});

describe('a claim that is given back', () => {
  it('ends what a late success has delivered meanwhile', () => {
    const intent = {
      policy: retryPolicies.quick,
      class: null,
      acceptedAt: 0,
      sendAt: null,
      expiresAt: null,
      holdForMs: null,
      dependsOn: null,
      isReply: false,
    };
    const inDoubt = { state: 'retrying', delayMs: 1, inDoubt: true } as const;
    const claim = (token: string) => ({ do: 'claim', token, version: 1, timeoutMs: 1_000 }) as const;
    const sent = reduce(accepted('dlv', intent, null, 0), claim('one'), 1);
    const lost = reduce(sent, { do: 'fail', token: 'one', outcome: 'ambiguous', verdict: inDoubt }, 2);
    const late = reduce(reduce(lost, claim('two'), 10), { do: 'deliver', token: 'one', nativeId: 'n', version: 1 }, 11);
    expect(late.state).toBe('sending');
    expect(reduce(late, { do: 'release', token: 'two' }, 12)).toMatchObject({
      state: 'delivered',
      attempts: 1,
      doubled: false,
    });
  });
});
