/**
 * The states of a delivery. They and the transitions below are pure data, so that the database, the store and the tests
 * share them.
 */
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

/** Nothing more happens in these states, except that a late success still counts. */
export const finalStates = ['delivered', 'cancelled', 'skipped', 'expired'] as const satisfies DeliveryState[];

/** Nothing happens in these states on its own. A retry leads out of `parked` and `uncertain`. */
export const restStates = [...finalStates, 'parked', 'uncertain'] as const satisfies DeliveryState[];

/** In these states a delivery keeps its message open and holds back the later deliveries of its lane. */
export const openStates = ['queued', 'waiting', 'sending', 'retrying'] as const satisfies DeliveryState[];

/**
 * The only ways from one state to another. The database refuses every other pair (migrations 0002 and 0007, trigger
 * `delivery_transition`), and a test compares the two and walks all pairs.
 */
export const transitions = {
  /** The last step of an attempt before its first call that changes something at the platform. */
  claim: { from: ['queued', 'waiting', 'retrying', 'sending'], to: 'sending' },
  /** It is not this delivery's turn. It waits without spending an attempt. */
  wait: { from: ['queued', 'waiting', 'retrying'], to: 'waiting' },
  /** The platform has the message. A look-up may have found it, or the success came after we had given up. */
  deliver: {
    from: ['queued', 'waiting', 'sending', 'retrying', 'parked', 'uncertain', 'cancelled', 'skipped', 'expired'],
    to: 'delivered',
  },
  /** An attempt failed, and another one is due. */
  fail: { from: ['sending'], to: 'retrying' },
  /** Attempts or time are used up, or the failure is permanent. An operator must look. */
  park: { from: ['queued', 'waiting', 'sending', 'retrying'], to: 'parked' },
  /** The message may have arrived, and the destination's policy forbids sending it again. */
  doubt: { from: ['queued', 'waiting', 'sending', 'retrying'], to: 'uncertain' },
  /** The claim is given back because nothing was written, as on shutdown. No attempt is spent. */
  release: { from: ['sending'], to: 'queued' },
  /** An operator's command: one more retry cycle. */
  retry: { from: ['parked', 'uncertain', 'retrying'], to: 'queued' },
  /** An operator's command: stop. */
  cancel: { from: ['queued', 'waiting', 'sending', 'retrying', 'parked', 'uncertain'], to: 'cancelled' },
  /** There is nothing to do; the reason is stored. */
  skip: { from: ['queued', 'waiting', 'retrying', 'parked'], to: 'skipped' },
  /** A best-effort delivery ran out of time. */
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

/** Whether an operator must look at the delivery. */
export function isParked(state: DeliveryState): boolean {
  return state === 'parked' || state === 'uncertain';
}

export function isOpen(state: DeliveryState): boolean {
  return (openStates as readonly DeliveryState[]).includes(state);
}

export function isFinal(state: DeliveryState): boolean {
  return (finalStates as readonly DeliveryState[]).includes(state);
}
