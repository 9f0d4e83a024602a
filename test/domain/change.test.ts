import { changeStep, originalUncertain, replyStep, type Original } from '../../src/domain/change.ts';
import { deliveryStates, isOpen } from '../../src/domain/delivery.ts';
import { fc } from '../support/property.ts';

const delivered: Original = { state: 'delivered', posts: ['C1:1.1'], heldVersion: 1, inDoubt: false };
const never: Original = { state: 'cancelled', posts: [], heldVersion: null, inDoubt: false };
const newest = { version: 2, byOurIds: false, isManual: false };

describe('an edit', () => {
  it('is sent to what is there, and names it', () => {
    expect(changeStep('edit', delivered, newest)).toEqual({ do: 'send' });
  });

  it('finds nothing to do where its text is there already', () => {
    expect(changeStep('edit', { ...delivered, heldVersion: 2 }, newest)).toMatchObject({
      do: 'skip',
      code: 'already_current',
    });
  });

  it('never overtakes a newer text, as one that is pinned to an older one could', () => {
    expect(changeStep('edit', { ...delivered, heldVersion: 3 }, newest)).toMatchObject({ do: 'skip' });
  });

  it.each(['cancelled', 'skipped', 'expired'] as const)('finds nothing to do where its original is %s', (state) => {
    expect(changeStep('edit', { ...never, state }, { ...newest, byOurIds: true })).toMatchObject({
      do: 'skip',
      code: 'original_not_delivered',
    });
  });

  it('is left to its original where that is parked and has the newest text when it goes out', () => {
    expect(changeStep('edit', { ...never, state: 'parked' }, newest)).toMatchObject({
      do: 'skip',
      code: 'carried_by_original',
    });
  });

  it.each(['parked', 'uncertain'] as const)(
    'waits for an operator where its original is %s and may be there with an older text',
    (state) => {
      const doubtful: Original = { state, posts: [], heldVersion: null, inDoubt: true };
      for (const byOurIds of [false, true])
        expect(changeStep('edit', doubtful, { ...newest, byOurIds })).toMatchObject({
          do: 'park',
          code: originalUncertain,
        });
      expect(changeStep('edit', doubtful, { ...newest, byOurIds: true, isManual: true })).toMatchObject({ do: 'send' });
      expect(changeStep('edit', doubtful, { ...newest, isManual: true })).toMatchObject({ do: 'park' });
    },
  );

  it('waits for an operator where only a part of its original is there, and the rest may still come', () => {
    const partly: Original = { ...delivered, state: 'parked' };
    expect(changeStep('edit', partly, newest)).toMatchObject({ do: 'park', code: originalUncertain });
    expect(changeStep('edit', partly, { ...newest, isManual: true })).toEqual({ do: 'send' });
    expect(changeStep('edit', { ...partly, state: 'cancelled' }, newest)).toEqual({ do: 'send' });
  });

  it('of what was never sent here finds nothing to do', () => {
    expect(changeStep('edit', undefined, newest)).toMatchObject({ do: 'skip', code: 'original_missing' });
  });
});

describe('a delete', () => {
  it('is sent to what is there, whatever its text', () => {
    expect(changeStep('delete', { ...delivered, heldVersion: 9 }, newest)).toEqual({ do: 'send' });
  });

  it('is told by our ids to a receiver that may have it, and cannot be told to a platform that needs its own', () => {
    const doubtful: Original = { state: 'uncertain', posts: [], heldVersion: null, inDoubt: true };
    expect(changeStep('delete', doubtful, { ...newest, byOurIds: true })).toEqual({ do: 'send' });
    expect(changeStep('delete', doubtful, newest)).toMatchObject({ do: 'skip', code: originalUncertain });
  });
});

describe('every change', () => {
  const original = fc.record<Original>({
    state: fc.constantFrom(...deliveryStates),
    posts: fc.constantFrom([], ['C1:1.1'], ['C1:1.1', 'C1:1.2']),
    heldVersion: fc.option(fc.integer({ min: 1, max: 5 })),
    inDoubt: fc.boolean(),
  });
  const kinds = fc.constantFrom('edit' as const, 'delete' as const);
  const context = fc.record({
    version: fc.integer({ min: 1, max: 5 }),
    byOurIds: fc.boolean(),
    isManual: fc.boolean(),
  });

  it('is sent only for what has arrived, or may have and is known by our ids', () => {
    fc.assert(
      fc.property(kinds, fc.option(original, { nil: undefined }), context, (kind, given, asked) => {
        if (changeStep(kind, given, asked).do !== 'send') return true;
        return given !== undefined && (given.posts.length > 0 || (given.inDoubt && asked.byOurIds));
      }),
    );
  });

  it('never sends a version that is held, or an older one', () => {
    fc.assert(
      fc.property(original, context, (given, asked) => {
        const sends = changeStep('edit', given, asked).do === 'send';
        return !sends || given.heldVersion === null || given.heldVersion < asked.version;
      }),
    );
  });

  it('parks only an edit whose original may be tried again', () => {
    fc.assert(
      fc.property(kinds, original, context, (kind, given, asked) => {
        if (changeStep(kind, given, asked).do !== 'park') return true;
        return kind === 'edit' && (given.state === 'parked' || given.state === 'uncertain');
      }),
    );
  });

  it('that a platform was told by its own id is told by no other', () => {
    fc.assert(
      fc.property(kinds, original, context, (kind, given, asked) => {
        const step = changeStep(kind, given, { ...asked, byOurIds: false });
        return step.do !== 'send' || given.posts.length > 0;
      }),
    );
  });
});

describe('a reply', () => {
  it('goes into the thread of its parent', () => {
    expect(replyStep(delivered)).toEqual({ nativeId: 'C1:1.1' });
  });

  it('stands by itself and says why, wherever its parent is not there', () => {
    expect(replyStep(undefined)).toMatchObject({ degraded: { code: 'thread_missing' } });
    for (const state of deliveryStates) {
      const reply = replyStep({ ...never, state });
      expect(reply).toMatchObject({ degraded: { code: 'thread_missing' } });
      if ('degraded' in reply)
        expect(reply.degraded.message).toContain(isOpen(state) ? 'has not arrived here in time' : `is ${state} here`);
    }
  });
});
