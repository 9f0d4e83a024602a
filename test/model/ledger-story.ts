import { fc } from '../support/property.ts';
import { classPolicies } from '../../src/domain/delivery-class.ts';
import { clocksOf } from '../../src/domain/clocks.ts';
import { accepted, reduce, type Delivery, type LedgerEvent } from './ledger.ts';
import { viewOf } from './ledger-view.ts';
import type { GateView } from '../../src/domain/gate.ts';
import { nextDelayMs, retryPolicies } from '../../src/domain/retry.ts';
import { judge, nextStep, type AmbiguousPolicy, type RecoveryClassView, type Step } from '../../src/domain/step.ts';

/** How a destination behaves. */
export interface Behaviour {
  readonly recoveryClass: RecoveryClassView;
  readonly ambiguous: AmbiguousPolicy;
}

/** How the destination of a story behaves at first, and what its delivery was promised. */
export interface Setting extends Behaviour {
  readonly isBestEffort: boolean;
}

/**
 * What may happen next in a story: a run looks at the ledger (and a look-up may be refused), an attempt ends or its
 * process dies, time passes, or an operator acts.
 */
export type Happening =
  | { readonly do: 'look'; readonly refused: boolean }
  /**
   * One of the attempts that are being sent ends. `arrives` says whether the message reached the platform, which may
   * differ from what the attempt heard.
   */
  | {
      readonly do: 'answer';
      readonly which: number;
      readonly heard: 'delivered' | 'transient' | 'ambiguous' | 'permanent' | 'stopped';
      readonly arrives: boolean;
    }
  /** The process of an attempt dies, so the attempt reports no outcome. */
  | { readonly do: 'die'; readonly which: number; readonly arrives: boolean }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'retry' | 'cancel' | 'pause' | 'resume' }
  /** The destination is configured again while attempts are being sent. */
  | ({ readonly do: 'configure' } & Behaviour);

/** One change of the delivery, and what caused it. */
export interface Moved {
  readonly before: Delivery;
  readonly after: Delivery;
  readonly now: number;
  readonly event: LedgerEvent;
  readonly step: Step | undefined;
  /** How the destination behaved at that moment. */
  readonly behaviour: Behaviour;
}

const usualPolicy = { ...retryPolicies.quick, deadlineMs: 90_000 };
const bestEffort = { ...classPolicies['best-effort'], deadlineMs: 90_000 };
const timeoutMs = 10_000;
const paused: GateView = {
  name: 'destination:d',
  isPaused: true,
  breaker: 'closed',
  isProbe: false,
  retryAfterMs: null,
};

/**
 * Plays a story with the real decisions: `nextStep` says what a run does next, `judge` what a failure means, and
 * `reduce` how the delivery changes. Any number of attempts may be sent at the same time, because a process that was
 * taken for dead may go on.
 */
export function play(setting: Setting, happenings: readonly Happening[]): Moved[] {
  let behaviour: Behaviour = setting;
  const policy = setting.isBestEffort ? bestEffort : usualPolicy;
  const intent = {
    policy,
    class: setting.isBestEffort ? ('best-effort' as const) : null,
    acceptedAt: 0,
    sendAt: null,
    expiresAt: null,
    holdForMs: 300_000,
    dependsOn: null,
    isReply: false,
  };
  let delivery = accepted('dlv', intent, 'lane', 1);
  let now = 0;
  let isPaused = false;
  let hasArrived = false;
  let claims = 0;
  const underWay: string[] = [];
  const moves: Moved[] = [];
  const apply = (event: LedgerEvent, step?: Step): void => {
    const before = delivery;
    delivery = reduce(before, event, now);
    moves.push({ before, after: delivery, now, event, step, behaviour });
  };

  function look(refused: boolean): void {
    const { recoveryClass, ambiguous } = behaviour;
    const step = nextStep(viewOf(delivery, [], isPaused ? [paused] : [], now), recoveryClass, ambiguous);
    switch (step.do) {
      case 'send': {
        claims += 1;
        const token = `att-${claims}`;
        apply({ do: 'claim', token, version: delivery.pinnedVersion ?? 1, timeoutMs }, step);
        if (delivery.claim?.token === token) underWay.push(token);
        return;
      }
      case 'lapse': {
        const verdict =
          recoveryClass.kind === 'C' && ambiguous === 'at-most-once'
            ? ({ state: 'uncertain', inDoubt: true } as const)
            : ({ state: 'retrying', delayMs: 1, inDoubt: true } as const);
        return apply(
          {
            do: 'fail',
            token: delivery.claim?.token ?? '',
            outcome: 'unknown',
            verdict,
            canLookUp: recoveryClass.kind === 'B',
          },
          step,
        );
      }
      case 'look-up': {
        const isOver = (clocksOf(delivery, now).deadlineAt ?? Infinity) <= now;
        apply({ do: 'look-up' }, step);
        if (refused) return isOver ? apply({ do: 'rest', state: 'uncertain' }, step) : undefined;
        return apply(
          hasArrived ? { do: 'found', nativeId: 'n', version: 1 } : { do: 'absent', final: step.final },
          step,
        );
      }
      case 'wait-gate':
        return apply({ do: 'wait-gate', gate: step.shut.gate, isBreaker: false }, step);
      case 'wait-turn':
        return apply({ do: 'wait-turn' }, step);
      case 'park':
        return apply({ do: 'rest', state: 'parked' }, step);
      case 'doubt':
        return apply({ do: 'rest', state: 'uncertain' }, step);
      case 'expire':
        return apply({ do: 'rest', state: 'expired' }, step);
      case 'cancel':
        return apply({ do: 'rest', state: 'cancelled' }, step);
      case 'pause':
        now += step.ms;
        return;
      case 'nothing':
    }
  }

  function answer(token: string, { heard, arrives }: Extract<Happening, { do: 'answer' }>): void {
    if (heard === 'delivered' || (heard === 'ambiguous' && arrives)) hasArrived = true;
    if (heard === 'delivered') return apply({ do: 'deliver', token, nativeId: 'n', version: 1 });
    if (heard === 'stopped') return apply({ do: 'release', token });
    const { attempts, maxAttempts, cycleStart } = delivery;
    const { recoveryClass, ambiguous } = behaviour;
    const view = viewOf(delivery, [], [], now);
    const verdict = judge(
      {
        kind: heard,
        attempts,
        maxAttempts,
        delayMs: nextDelayMs(policy, Math.max(1, attempts - cycleStart), 0.5, undefined),
        deadlineMs: view.deadlineMs,
        wasInDoubt: view.inDoubtMs !== null,
        isBestEffort: view.isBestEffort,
      },
      recoveryClass,
      ambiguous,
    );
    apply({ do: 'fail', token, outcome: heard, verdict, canLookUp: recoveryClass.kind === 'B' });
  }

  for (const happening of happenings) {
    now += 1;
    switch (happening.do) {
      case 'look':
        look(happening.refused);
        break;
      case 'answer': {
        const [token] = underWay.splice(happening.which % Math.max(1, underWay.length), 1);
        if (token !== undefined) answer(token, happening);
        break;
      }
      case 'die': {
        const [token] = underWay.splice(happening.which % Math.max(1, underWay.length), 1);
        if (token !== undefined && happening.arrives) hasArrived = true;
        break;
      }
      case 'pass':
        now += happening.ms;
        break;
      case 'pause':
      case 'resume':
        isPaused = happening.do === 'pause';
        if (!isPaused) apply({ do: 'call' });
        break;
      case 'configure':
        behaviour = happening;
        break;
      default:
        apply({ do: happening.do });
    }
  }
  return moves;
}

const behaviours = {
  recoveryClass: fc.constantFrom<RecoveryClassView>({ kind: 'A', memoryMs: 30_000 }, { kind: 'B' }, { kind: 'C' }),
  ambiguous: fc.constantFrom('at-least-once' as const, 'at-most-once' as const),
};

const which = fc.nat(2);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant('look' as const), refused: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      which,
      heard: fc.constantFrom('delivered', 'transient', 'transient', 'ambiguous', 'ambiguous', 'permanent', 'stopped'),
      arrives: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('die' as const), which, arrives: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.constantFrom(500, 5_000, 15_000, 60_000, 900_000),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom('retry', 'retry', 'cancel', 'pause', 'resume').map((name) => ({ do: name })),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('configure' as const), ...behaviours }) },
);

export const stories = fc.array(happening, { maxLength: 80, size: 'max' });

export const settings: fc.Arbitrary<Setting> = fc.record({
  ...behaviours,
  isBestEffort: fc.boolean(),
});
