import { changeStep, originalUncertain, replyStep, type Original } from '../../src/domain/change.ts';
import { deliveryStates, isOpen } from '../../src/domain/delivery.ts';
import { fc } from '../support/property.ts';

const delivered: Original = { state: 'delivered', posts: ['C1:1.1'], heldVersion: 1, inDoubt: false };
const never: Original = { state: 'cancelled', posts: [], heldVersion: null, inDoubt: false };
const newest = { version: 2, byOurIds: false, isManual: false };

describe('an edit of a message', () => {
  it('an edit is sent to the post of a delivered message', () => {
    expect(changeStep('edit', delivered, newest)).toEqual({ do: 'send' });
  });

  it('an edit is skipped if the destination already has its text', () => {
    expect(changeStep('edit', { ...delivered, heldVersion: 2 }, newest)).toMatchObject({
      do: 'skip',
      code: 'already_current',
    });
  });

  it('an edit that is pinned to an older text never replaces a newer one', () => {
    expect(changeStep('edit', { ...delivered, heldVersion: 3 }, newest)).toMatchObject({ do: 'skip' });
  });

  it.each(['cancelled', 'skipped', 'expired'] as const)(
    'an edit is skipped if its original was never delivered and is %s',
    (state) => {
      expect(changeStep('edit', { ...never, state }, { ...newest, byOurIds: true })).toMatchObject({
        do: 'skip',
        code: 'original_not_delivered',
      });
    },
  );

  it('an edit is skipped if its original is parked, because the original will go out with the newest text', () => {
    expect(changeStep('edit', { ...never, state: 'parked' }, newest)).toMatchObject({
      do: 'skip',
      code: 'carried_by_original',
    });
  });

  it.each(['parked', 'uncertain'] as const)(
    'an edit is parked if its original is %s and may have arrived with an older text',
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

  it('an edit is parked if only a part of its original arrived and the rest may still be sent', () => {
    const partly: Original = { ...delivered, state: 'parked' };
    expect(changeStep('edit', partly, newest)).toMatchObject({ do: 'park', code: originalUncertain });
    expect(changeStep('edit', partly, { ...newest, isManual: true })).toEqual({ do: 'send' });
    expect(changeStep('edit', { ...partly, state: 'cancelled' }, newest)).toEqual({ do: 'send' });
  });

  it('an edit is skipped if its original was never sent to this destination', () => {
    expect(changeStep('edit', undefined, newest)).toMatchObject({ do: 'skip', code: 'original_missing' });
  });
});

describe('a delete of a message', () => {
  it('a delete is sent to the post of a delivered message, whatever version of the text it has', () => {
    expect(changeStep('delete', { ...delivered, heldVersion: 9 }, newest)).toEqual({ do: 'send' });
  });

  it('a delete of a message that may have arrived is sent where our ids name it, and is skipped elsewhere', () => {
    const doubtful: Original = { state: 'uncertain', posts: [], heldVersion: null, inDoubt: true };
    expect(changeStep('delete', doubtful, { ...newest, byOurIds: true })).toEqual({ do: 'send' });
    expect(changeStep('delete', doubtful, newest)).toMatchObject({ do: 'skip', code: originalUncertain });
  });
});

describe('edits and deletes of any message', () => {
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

  it('a change is sent only if its original arrived, or may have arrived and can be named by our ids', () => {
    fc.assert(
      fc.property(kinds, fc.option(original, { nil: undefined }), context, (kind, given, asked) => {
        if (changeStep(kind, given, asked).do !== 'send') return true;
        return given !== undefined && (given.posts.length > 0 || (given.inDoubt && asked.byOurIds));
      }),
    );
  });

  it('an edit never sends a version that the destination has already, or an older one', () => {
    fc.assert(
      fc.property(original, context, (given, asked) => {
        const sends = changeStep('edit', given, asked).do === 'send';
        return !sends || given.heldVersion === null || given.heldVersion < asked.version;
      }),
    );
  });

  it('a change is parked only if it is an edit whose original may be sent again', () => {
    fc.assert(
      fc.property(kinds, original, context, (kind, given, asked) => {
        if (changeStep(kind, given, asked).do !== 'park') return true;
        return kind === 'edit' && (given.state === 'parked' || given.state === 'uncertain');
      }),
    );
  });

  it('a platform that needs its own ids gets a change only for a message that has one', () => {
    fc.assert(
      fc.property(kinds, original, context, (kind, given, asked) => {
        const step = changeStep(kind, given, { ...asked, byOurIds: false });
        return step.do !== 'send' || given.posts.length > 0;
      }),
    );
  });
});

describe('a reply to a message', () => {
  it('a reply goes into the thread of its parent', () => {
    expect(replyStep(delivered)).toEqual({ nativeId: 'C1:1.1' });
  });

  it('a reply goes out on its own and says why if its parent is not at the destination', () => {
    expect(replyStep(undefined)).toMatchObject({ degraded: { code: 'thread_missing' } });
    for (const state of deliveryStates) {
      const reply = replyStep({ ...never, state });
      expect(reply).toMatchObject({ degraded: { code: 'thread_missing' } });
      if ('degraded' in reply)
        expect(reply.degraded.message).toContain(isOpen(state) ? 'has not arrived here in time' : `is ${state} here`);
    }
  });
});
