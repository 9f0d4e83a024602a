/** The delivery's state machine (design §4): pure data, so that the database, the store and the tests share it. */
export const deliveryStates = [
  'queued',
  'waiting',
  'sending',
  'retrying',
  'delivered',
  'parked',
  'uncertain',
  'cancelled',
  'skipped',
  'expired',
] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/** Nothing more happens to these, ever, but for a late success. */
export const finalStates = ['delivered', 'cancelled', 'skipped', 'expired'] as const satisfies DeliveryState[];

/** Nothing happens to these by itself; a retry moves `parked` and `uncertain` on. */
export const restStates = [...finalStates, 'parked', 'uncertain'] as const satisfies DeliveryState[];

/** These keep their message open and, in a lane, everything behind them back. */
export const openStates = ['queued', 'waiting', 'sending', 'retrying'] as const satisfies DeliveryState[];

/**
 * The only ways from one state to another. Each has one function in `store/`; the database refuses every other pair
 * (migration 0001, `delivery_transition`), and a test compares the two and walks all pairs.
 */
export const transitions = {
  /** The attempt's last step before its first call that changes something at the platform. */
  claim: { from: ['queued', 'waiting', 'retrying', 'sending'], to: 'sending' },
  /** Not its turn: it waits without spending an attempt. */
  wait: { from: ['queued', 'waiting', 'retrying'], to: 'waiting' },
  /** The platform has it; also found by a look-up, and late, after we had given up. */
  deliver: {
    from: ['queued', 'waiting', 'sending', 'retrying', 'parked', 'uncertain', 'cancelled', 'skipped', 'expired'],
    to: 'delivered',
  },
  /** A failed attempt with another one due. */
  fail: { from: ['sending'], to: 'retrying' },
  /** Attempts or time used up, or a permanent failure: an operator must look. */
  park: { from: ['queued', 'waiting', 'sending', 'retrying'], to: 'parked' },
  /** It may have arrived, and the destination's policy forbids sending it again. */
  doubt: { from: ['queued', 'waiting', 'sending', 'retrying'], to: 'uncertain' },
  /** The claim is given back because nothing was written (shutdown): no attempt is spent. */
  release: { from: ['sending'], to: 'queued' },
  /** An operator's command: one more round. */
  retry: { from: ['parked', 'uncertain', 'retrying'], to: 'queued' },
  /** An operator's command: not any more. */
  cancel: { from: ['queued', 'waiting', 'sending', 'retrying', 'parked', 'uncertain'], to: 'cancelled' },
  /** There is nothing to do here, for a reason that is stored. */
  skip: { from: ['queued', 'waiting', 'retrying', 'parked'], to: 'skipped' },
  /** Best effort ran out of time. */
  expire: { from: ['queued', 'waiting', 'retrying'], to: 'expired' },
} as const satisfies Record<string, { from: DeliveryState[]; to: DeliveryState }>;

const names = Object.keys(transitions) as (keyof typeof transitions)[];

/** Whether any named transition leads from one state to the other. */
export function mayMove(from: DeliveryState, to: DeliveryState): boolean {
  return names.some((move) => transitions[move].to === to && may(move, from));
}

/** Whether the named transition leads away from this state. */
export function may(move: keyof typeof transitions, state: DeliveryState): boolean {
  return (transitions[move].from as readonly DeliveryState[]).includes(state);
}

/** An operator must look at it. */
export function isParked(state: DeliveryState): boolean {
  return state === 'parked' || state === 'uncertain';
}

export function isOpen(state: DeliveryState): boolean {
  return (openStates as readonly DeliveryState[]).includes(state);
}

export function isFinal(state: DeliveryState): boolean {
  return (finalStates as readonly DeliveryState[]).includes(state);
}
