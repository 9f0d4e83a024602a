import { deliveryStates, isOpen } from '../../src/domain/delivery.ts';
import { shutGate } from '../../src/domain/gate.ts';
import { judge, nextStep, secondLookMs, type RecoveryClassView, type LedgerView } from '../../src/domain/step.ts';
import { fc } from '../support/property.ts';

const A: RecoveryClassView = { kind: 'A', memoryMs: 60_000 };
const B: RecoveryClassView = { kind: 'B' };
const C: RecoveryClassView = { kind: 'C' };

const queued: LedgerView = {
  state: 'queued',
  attempts: 0,
  maxAttempts: 5,
  claimMs: null,
  notBeforeMs: null,
  deadlineMs: null,
  inDoubtMs: null,
  doubtMs: null,
  absentMs: null,
  isBehind: false,
  isManual: false,
  isCancelled: false,
  expiresMs: null,
  isBestEffort: false,
  gates: [],
};
const doubtful: LedgerView = { ...queued, state: 'retrying', attempts: 1, inDoubtMs: 5_000, doubtMs: -1 };

describe('the next step of a delivery', () => {
  it('a queued delivery that is first in its lane is sent', () => {
    expect(nextStep(queued, C, 'at-least-once')).toEqual({ do: 'send' });
  });

  it('a live claim is waited for without spending an attempt, and a lapsed claim is settled as ambiguous', () => {
    expect(nextStep({ ...queued, state: 'sending', claimMs: 700 }, C, 'at-least-once')).toEqual({
      do: 'pause',
      ms: 700,
      why: 'claim-live',
    });
    expect(nextStep({ ...queued, state: 'sending', claimMs: -1 }, C, 'at-least-once')).toEqual({ do: 'lapse' });
  });

  it('a retry is not made before its time', () => {
    expect(nextStep({ ...queued, state: 'retrying', notBeforeMs: 7_000 }, A, 'at-least-once')).toMatchObject({
      do: 'pause',
      ms: 7_000,
    });
  });

  it('a message in doubt is looked up twice, some seconds apart, when its first request can no longer act', () => {
    expect(nextStep({ ...doubtful, doubtMs: 900 }, B, 'at-least-once')).toEqual({ do: 'pause', ms: 900, why: 'doubt' });
    expect(nextStep(doubtful, B, 'at-least-once')).toEqual({ do: 'look-up', final: false });
    expect(nextStep({ ...doubtful, absentMs: 500 }, B, 'at-least-once')).toMatchObject({
      do: 'pause',
      ms: secondLookMs - 500,
    });
    expect(nextStep({ ...doubtful, absentMs: secondLookMs }, B, 'at-least-once')).toEqual({
      do: 'look-up',
      final: true,
    });
  });

  it('a message in doubt is looked up even if no attempt is left', () => {
    expect(nextStep({ ...doubtful, attempts: 5 }, B, 'at-least-once')).toEqual({ do: 'look-up', final: false });
  });

  it('a best-effort delivery expires when its attempts or its time are used up, and any other delivery parks', () => {
    const bestEffort = { ...queued, isBestEffort: true, expiresMs: 60_000 };
    for (const [gaveUp, over] of [
      ['attempts_exhausted', { attempts: 5 }],
      ['deadline_exceeded', { deadlineMs: 0 }],
    ] as const) {
      const inDoubt = { ...bestEffort, ...over, inDoubtMs: 1 };
      expect(nextStep({ ...bestEffort, ...over }, C, 'at-least-once')).toEqual({ do: 'expire', gaveUp });
      expect(nextStep(inDoubt, C, 'at-least-once')).toEqual({ do: 'doubt', code: 'expired_in_doubt', gaveUp });
      expect(nextStep({ ...queued, ...over }, C, 'at-least-once')).toEqual({ do: 'park', code: gaveUp });
    }
  });

  it('a wait for the next attempt ends when the delivery expires', () => {
    const patient: LedgerView = { ...queued, state: 'retrying', notBeforeMs: 3_600_000, expiresMs: 5_000 };
    expect(nextStep(patient, C, 'at-least-once')).toMatchObject({ do: 'pause', ms: 5_000 });
  });

  it('after its memory is over, a platform of recovery class A is treated like one of class C', () => {
    const forgotten = { ...doubtful, inDoubtMs: 61_000 };
    expect(nextStep(forgotten, A, 'at-most-once')).toEqual({ do: 'doubt', code: 'may_have_arrived' });
    expect(nextStep({ ...forgotten, isManual: true }, A, 'at-most-once')).toEqual({ do: 'send' });
    expect(nextStep(forgotten, A, 'at-least-once')).toEqual({ do: 'send' });
    expect(nextStep({ ...forgotten, inDoubtMs: 59_000 }, A, 'at-most-once')).toEqual({ do: 'send' });
  });

  it('a message that may have arrived is not sent again under at-most-once, unless an operator retries it', () => {
    expect(nextStep(doubtful, C, 'at-most-once')).toEqual({ do: 'doubt', code: 'may_have_arrived' });
    expect(nextStep({ ...doubtful, isManual: true }, C, 'at-most-once')).toEqual({ do: 'send' });
    expect(nextStep(doubtful, C, 'at-least-once')).toEqual({ do: 'send' });
  });

  const view = fc.record<LedgerView>({
    state: fc.constantFrom(...deliveryStates),
    attempts: fc.nat(10),
    maxAttempts: fc.integer({ min: 1, max: 10 }),
    claimMs: fc.option(fc.integer({ min: -10_000, max: 10_000 })),
    notBeforeMs: fc.option(fc.integer({ min: -10_000, max: 10_000 })),
    deadlineMs: fc.option(fc.integer({ min: -10_000, max: 10_000 })),
    inDoubtMs: fc.option(fc.nat(100_000)),
    doubtMs: fc.option(fc.integer({ min: -10_000, max: 10_000 })),
    absentMs: fc.option(fc.nat(10_000)),
    isBehind: fc.boolean(),
    isManual: fc.boolean(),
    isCancelled: fc.boolean(),
    expiresMs: fc.option(fc.integer({ min: -10_000, max: 10_000 })),
    isBestEffort: fc.boolean(),
    gates: fc.array(
      fc.record({
        name: fc.constantFrom('destination:d' as const, 'connection:c' as const),
        isPaused: fc.boolean(),
        breaker: fc.constantFrom('closed' as const, 'open' as const, 'half-open' as const),
        isProbe: fc.boolean(),
        retryAfterMs: fc.option(fc.integer({ min: -10_000, max: 10_000 })),
      }),
      { maxLength: 2 },
    ),
  });
  const classes = fc.constantFrom(A, B, C);
  const policies = fc.constantFrom('at-least-once' as const, 'at-most-once' as const);

  it('a delivery is sent only if it is open, first, due, within its limits, and needs no look-up', () => {
    fc.assert(
      fc.property(view, classes, policies, (given, recoveryClass, policy) => {
        if (nextStep(given, recoveryClass, policy).do !== 'send') return true;
        return (
          isOpen(given.state) &&
          given.state !== 'sending' &&
          !given.isBehind &&
          (given.notBeforeMs ?? 0) <= 0 &&
          given.attempts < given.maxAttempts &&
          (given.deadlineMs ?? 1) > 0 &&
          (given.expiresMs ?? 1) > 0 &&
          !given.isCancelled &&
          shutGate(given.gates) === undefined &&
          !(recoveryClass.kind === 'B' && given.inDoubtMs !== null) &&
          !(recoveryClass.kind === 'C' && given.inDoubtMs !== null && policy === 'at-most-once' && !given.isManual)
        );
      }),
    );
  });

  it('a pause of a delivery always has a positive length', () => {
    fc.assert(
      fc.property(view, classes, policies, (given, recoveryClass, policy) => {
        const step = nextStep(given, recoveryClass, policy);
        return step.do !== 'pause' || step.ms > 0;
      }),
    );
  });
});

describe('the consequence of a failed attempt', () => {
  const failed = {
    kind: 'transient',
    attempts: 1,
    maxAttempts: 3,
    delayMs: 4_000,
    deadlineMs: 60_000,
    wasInDoubt: false,
    isBestEffort: false,
  } as const;

  it('a delivery is retried after the delay of its failed attempt', () => {
    expect(judge(failed, C, 'at-most-once')).toEqual({ state: 'retrying', delayMs: 4_000, inDoubt: false });
  });

  it('a delivery parks at once if the failure is permanent or its attempts or time are used up', () => {
    expect(judge({ ...failed, kind: 'permanent' }, A, 'at-least-once')).toMatchObject({
      state: 'parked',
      why: 'permanent',
    });
    expect(judge({ ...failed, attempts: 3 }, A, 'at-least-once')).toMatchObject({
      state: 'parked',
      why: 'attempts_exhausted',
    });
    expect(judge({ ...failed, delayMs: 60_001 }, A, 'at-least-once')).toMatchObject({
      state: 'parked',
      why: 'deadline_exceeded',
    });
  });

  it('a best-effort delivery is not parked because its attempts or its time are used up', () => {
    const bestEffort = { ...failed, isBestEffort: true };
    expect(judge({ ...bestEffort, attempts: 3 }, C, 'at-least-once')).toMatchObject({ state: 'retrying', delayMs: 1 });
    expect(judge({ ...bestEffort, delayMs: 60_001 }, C, 'at-least-once')).toMatchObject({ state: 'retrying' });
    expect(judge({ ...bestEffort, kind: 'permanent' }, C, 'at-least-once')).toMatchObject({ state: 'parked' });
  });

  it('a delivery is uncertain only if it may have arrived, cannot be looked up, and must not be doubled', () => {
    const lost = { ...failed, kind: 'ambiguous' } as const;
    expect(judge(lost, C, 'at-most-once')).toEqual({ state: 'uncertain', inDoubt: true });
    expect(judge(lost, C, 'at-least-once')).toMatchObject({ state: 'retrying', inDoubt: true });
    expect(judge({ ...lost, attempts: 3 }, B, 'at-most-once')).toMatchObject({ state: 'retrying', inDoubt: true });
    expect(judge(lost, A, 'at-most-once')).toMatchObject({ state: 'retrying', inDoubt: true });
  });
});
