import { deliveryStates, isFinal, isOpen, mayMove, restStates, transitions } from '../../src/domain/delivery.ts';

describe('the states of a delivery', () => {
  it('every state of a delivery is either open or at rest', () => {
    for (const state of deliveryStates) expect(isOpen(state)).toBe(!(restStates as readonly string[]).includes(state));
  });

  it('a delivery leaves a final state only by a late success', () => {
    for (const from of deliveryStates.filter(isFinal))
      for (const to of deliveryStates)
        expect([from, to, mayMove(from, to)]).toEqual([from, to, from !== 'delivered' && to === 'delivered']);
  });

  it('a delivery can be sent only after a claim', () => {
    const ways = Object.entries(transitions).filter(([, { to }]) => to === 'sending');
    expect(ways.map(([name]) => name)).toEqual(['claim']);
  });
});
