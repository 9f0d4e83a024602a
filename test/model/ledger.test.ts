import { isFinal, isOpen, mayMove } from '../../src/domain/delivery.ts';
import { reduce, accepted, type Delivery, type Try } from './ledger.ts';
import { retryPolicies } from '../../src/domain/retry.ts';
import { runningDeadline } from '../../src/domain/clocks.ts';
import { play, settings, stories, type Moved } from './ledger-story.ts';
import { fc, runs } from '../support/property.ts';

/** Fails with the first move for which `wanted` is false. `wanted` also gets the moves before it. */
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

/** Whether an operator asked for a retry after the last attempt that may have arrived, as far as is known by now. */
function isAskedInDoubt({ before: { tries } }: Moved, past: readonly Moved[]): boolean {
  const raised = past.map(({ before, after, event }) => {
    const isFailed = event.do === 'fail' && before.state === 'sending' && after.state !== 'sending';
    return isFailed && mayHaveArrived(tries.find(({ token }) => token === event.token)?.outcome);
  });
  return past.slice(raised.lastIndexOf(true) + 1).some(isAsked);
}

describe('a delivery under random events', () => {
  it('a delivery changes its state only in ways that the state table names', () => {
    holdsFor(({ before, after }) => before.state === after.state || mayMove(before.state, after.state));
  });

  it('a delivery leaves a final state only by a late success', () => {
    holdsFor(
      ({ before, after, event }) =>
        !isFinal(before.state) ||
        before.state === after.state ||
        (event.do === 'deliver' && after.state === 'delivered'),
    );
  });

  it('a delivery is never tried more often than its retry cycle allows', () => {
    holdsFor(({ after }) => after.attempts <= after.maxAttempts && after.attempts >= after.cycleStart);
  });

  it('a delivery that may have arrived is sent again with the same version', () => {
    holdsFor(
      ({ before, after }) =>
        (after.doubt === null || after.pinnedVersion !== null) &&
        (before.doubt === null || after.doubt === null || before.pinnedVersion === after.pinnedVersion),
    );
  });

  it('a class B delivery in doubt is sent again only after two look-ups, 2 s apart, found nothing', () => {
    holdsFor((move) => move.behaviour.recoveryClass.kind !== 'B' || !isClaimed(move) || move.before.doubt === null);
    holdsFor(({ before, event, now }) => {
      if (event.do !== 'absent' || !event.final || before.doubt === null) return true;
      return before.absentAt !== null && now - before.absentAt >= 2_000 && now >= before.doubt.until;
    });
  });

  it('a class B delivery in doubt is looked up only until its deadline', () => {
    holdsFor(
      ({ after, event }) => event.do !== 'look-up' || (after.deadlineAt !== null && after.clockStoppedAt === null),
    );
  });

  it('class C with at-most-once sends again after a doubt only if an operator asks', () => {
    holdsFor((move, past) => {
      const { recoveryClass, ambiguous } = move.behaviour;
      if (recoveryClass.kind !== 'C' || ambiguous !== 'at-most-once') return true;
      return !isClaimed(move) || move.before.doubt === null || isAskedInDoubt(move, past);
    });
  });

  it('class A with at-most-once sends again after the receiver forgot the key only if an operator asks', () => {
    holdsFor((move, past) => {
      const { recoveryClass, ambiguous } = move.behaviour;
      if (recoveryClass.kind !== 'A' || ambiguous !== 'at-most-once' || !isClaimed(move)) return true;
      const { doubt } = move.before;
      const isForgotten = doubt !== null && move.now - doubt.since > recoveryClass.memoryMs;
      return !isForgotten || isAskedInDoubt(move, past);
    });
  });

  it('a delivery is delivered exactly when it has a receipt, unless another attempt is being sent', () => {
    holdsFor(({ after: { state, receipts } }) =>
      state === 'delivered' ? receipts.length > 0 : receipts.length === 0 || state === 'sending',
    );
  });

  it('a delivery never loses a receipt', () => {
    holdsFor(({ before, after }) => before.receipts.every((receipt) => after.receipts.includes(receipt)));
  });

  it('a delivery gets an earlier deadline only in a new retry cycle', () => {
    holdsFor((move) => {
      const { before, after, now } = move;
      const [was, is] = [runningDeadline(before, now), runningDeadline(after, now)];
      return was === null || isAsked(move) || (is !== null && is >= was);
    });
  });

  it('an open delivery always has a time at which the sweep looks after it', () => {
    holdsFor(({ after }) => !isOpen(after.state) || after.dueAt !== null);
  });

  it('a cancelled delivery is sent again only if an operator asks', () => {
    holdsFor((move) => !isClaimed(move) || move.before.cancelRequestedAt === null);
    holdsFor(
      (move) => move.before.cancelRequestedAt === null || isAsked(move) || move.after.cancelRequestedAt !== null,
    );
  });

  it('a delivery is never sent before its backoff and the Retry-After of the platform are over', () => {
    holdsFor((move) => !isClaimed(move) || (move.before.nextAttemptAt ?? 0) <= move.now);
  });

  it('an event that comes twice changes a delivery once', () => {
    holdsFor(({ before, after, event, now }) => {
      if (before === after || !['claim', 'deliver', 'fail', 'release', 'found', 'expire', 'rest'].includes(event.do))
        return true;
      return same(reduce(after, event, now), after);
    });
  });
});

const same = (one: Delivery, other: Delivery): boolean => JSON.stringify(one) === JSON.stringify(other);

describe('random stories of the ledger', () => {
  it('random stories reach every important change of a delivery', () => {
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
  it('a delivery is delivered, not sent again, if a late success comes before its claim is given back', () => {
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
