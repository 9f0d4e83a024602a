import type { Delivery, LedgerEvent } from '../../src/domain/ledger.ts';

/**
 * Where the store does not do yet what the reducer says. `test/store/ledger-gaps.test.ts` shows each and turns red when it
 * is mended: then it goes from here, and the random stories go through it.
 */
export function isKnownGap({ state, claim, receipts }: Delivery, event: LedgerEvent): boolean {
  const isHeld = 'token' in event && state === 'sending' && claim?.token === event.token;
  // What arrived late while a second attempt held the claim goes out again when that one is given back.
  if (event.do === 'release') return isHeld && receipts.length > 0;
  if (event.do !== 'deliver' || isHeld) return false;
  // What a look-up found is counted as a second one when its own answer comes late.
  const isFound = receipts.some(({ attempt, nativeId }) => attempt === 'look-up' && nativeId === event.nativeId);
  // The database knows no way from these to delivered, and the settle throws for ever.
  return (state === 'delivered' && isFound) || state === 'expired' || state === 'skipped';
}
