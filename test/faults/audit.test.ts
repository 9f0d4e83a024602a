import { audit, type Break, type Held, type ShownAttempt, type ShownDelivery } from './audit.ts';
import type { Destination } from './destinations.ts';
import type { Accepted } from './loader.ts';
import { textOf } from './operations.ts';

const conversation = 'c1';

function accepted(number: number, kind: 'create' | 'edit' | 'delete' = 'create'): Accepted {
  const common = { conversation, number, at: 0, key: `c1-${number}` };
  return {
    operation: kind === 'edit' ? { ...common, kind, version: 2 } : { ...common, kind },
    id: `msg_${number}`,
    deliveries:
      kind === 'create'
        ? (['folding', 'slack', 'once'] as const).map((destination) => ({
            id: `${destination}-${number}`,
            destination,
          }))
        : [],
  };
}

function attempt(number: number, outcome: string | null, late = false): ShownAttempt {
  return { number, trigger: 'auto', startedAt: '', endedAt: '', outcome, late, worker: 'w' };
}

function shown(destination: Destination, number: number, change: Partial<ShownDelivery> = {}): ShownDelivery {
  return {
    id: `${destination}-${number}`,
    message: `msg_${number}`,
    destination,
    state: 'delivered',
    late: false,
    reason: undefined,
    attempts: [attempt(1, 'delivered')],
    ...change,
  };
}

function held(destination: Destination, number: number, change: Partial<Held> = {}): Held {
  return {
    destination,
    delivery: `${destination}-${number}`,
    text: textOf({ conversation, number }),
    copies: 1,
    sameBody: true,
    ...change,
  };
}

const all: readonly Destination[] = ['folding', 'slack', 'once'];
/** Two messages that were delivered once and in order. */
const posts = [accepted(1), accepted(2)];
const goodShown = [1, 2].flatMap((number) => all.map((destination) => shown(destination, number)));
const goodHeld = all.flatMap((destination) => [held(destination, 1), held(destination, 2)]);

function judge(change: { accepted?: readonly Accepted[]; shown?: ShownDelivery[]; held?: readonly Held[] }): Break[] {
  const states = new Map([...goodShown, ...(change.shown ?? [])].map((one) => [one.id, one]));
  return audit(change.accepted ?? posts, states, change.held ?? goodHeld).offences.map(({ what }) => what);
}

const without = (delivery: string): Held[] => goodHeld.filter((one) => one.delivery !== delivery);
const replaced = (one: Held): Held[] => goodHeld.map((other) => (other.delivery === one.delivery ? one : other));

it('the audit finds nothing wrong with two messages that arrived once and in order', () => {
  expect(judge({})).toEqual([]);
});

it.each(all)('the audit counts a message as lost if the API says delivered and %s does not have it', (destination) => {
  expect(judge({ held: without(`${destination}-2`) })).toEqual(['lost']);
});

it('the audit counts a delivery that the API does not know as lost', () => {
  expect(audit(posts, new Map(), []).offences.map(({ what }) => what)).toEqual(Array(6).fill('lost'));
});

it('the audit counts two copies as doubled, unless the receiver ignores repeats and the bodies are equal', () => {
  expect(judge({ held: replaced(held('slack', 1, { copies: 2 })) })).toEqual(['doubled']);
  expect(judge({ held: replaced(held('once', 1, { copies: 2 })) })).toEqual(['doubled']);
  expect(judge({ held: replaced(held('folding', 1, { copies: 2 })) })).toEqual([]);
  expect(judge({ held: replaced(held('folding', 1, { copies: 2, sameBody: false })) })).toEqual(['changed']);
});

it('the audit reports a message that the soak did not post', () => {
  expect(judge({ held: [...goodHeld, held('slack', 3)] })).toEqual(['stranger']);
});

it.each(['queued', 'waiting', 'sending', 'retrying'])('the audit counts a %s delivery as not at rest', (state) => {
  expect(judge({ shown: [shown('slack', 1, { state })] })).toEqual(['not at rest']);
});

it('the audit counts a parked delivery as a failure, and an uncertain one if the platform can be asked', () => {
  expect(judge({ shown: [shown('folding', 1, { state: 'parked' })] })).toEqual(['parked']);
  expect(judge({ shown: [shown('slack', 1, { state: 'uncertain' })] })).toEqual(['parked']);
});

describe('the audit of at-most-once destinations', () => {
  const doubt = (attempts: ShownAttempt[], state = 'uncertain'): ShownDelivery => shown('once', 1, { state, attempts });

  it('the audit accepts a doubt that ends uncertain, whether the message arrived or not', () => {
    expect(judge({ shown: [doubt([attempt(1, 'ambiguous')])] })).toEqual([]);
    expect(
      judge({ shown: [doubt([attempt(1, 'transient'), attempt(2, 'unknown')])], held: without('once-1') }),
    ).toEqual([]);
  });

  it('the audit reports another attempt after a doubt, even if the message arrived once', () => {
    const attempts = [attempt(1, 'ambiguous'), attempt(2, 'delivered')];
    expect(judge({ shown: [doubt(attempts, 'delivered')] })).toEqual(['sent again after a doubt']);
  });

  it('the audit reports a delivery that is delivered without an answer or uncertain without a doubt', () => {
    expect(judge({ shown: [doubt([attempt(1, 'ambiguous')], 'delivered')] })).toEqual(['doubt not shown']);
    expect(judge({ shown: [doubt([attempt(1, 'transient')])] })).toEqual(['doubt not shown']);
  });
});

describe('the audit of the order', () => {
  const swapped = (destination: Destination): Held[] => [
    ...goodHeld.filter((one) => one.destination !== destination),
    held(destination, 2),
    held(destination, 1),
  ];

  it.each(all)('the audit reports a second message that arrives before the first at %s', (destination) => {
    expect(judge({ held: swapped(destination) })).toEqual(['out of order']);
  });

  it('the audit counts late messages and messages overtaken while in doubt apart from disorder', () => {
    const states = (one: ShownDelivery) => new Map([...goodShown, one].map((each) => [each.id, each]));
    expect(audit(posts, states(shown('slack', 1, { late: true })), swapped('slack'))).toMatchObject({
      offences: [],
      counts: { slack: { late: 1 } },
    });
    const uncertain = shown('once', 1, { state: 'uncertain', attempts: [attempt(1, 'ambiguous')] });
    expect(audit(posts, states(uncertain), swapped('once'))).toMatchObject({
      offences: [],
      counts: { once: { overtaken: 1 } },
    });
  });
});

describe('the audit of edits and deletes', () => {
  it('the audit wants an edited message to show its newest text, unless the edit was skipped', () => {
    const edited = [...posts, accepted(1, 'edit')];
    expect(judge({ accepted: edited })).toEqual(['old text']);
    const newest = held('slack', 1, { text: textOf({ conversation, number: 1 }, 2) });
    expect(judge({ accepted: edited, held: replaced(newest) })).toEqual([]);
    expect(judge({ accepted: edited, shown: [shown('slack', 1, { state: 'skipped' })] })).toEqual([]);
  });

  it('the audit accepts a message deleted while in doubt as uncertain if the receiver cannot be asked', () => {
    const deleted = [...posts, accepted(1, 'delete')];
    const doubtful = { state: 'uncertain', reason: 'cancelled_in_doubt: It may have arrived.' };
    const of = (destination: 'folding' | 'slack', delivery: object, from: typeof posts = deleted) =>
      judge({ accepted: from, held: without('folding-1'), shown: [shown(destination, 1, delivery)] });
    expect(of('folding', doubtful)).not.toContain('parked');
    expect(of('folding', doubtful, posts)).toContain('parked');
    const lost = { outcome: 'unknown', code: 'worker_lost', late: false };
    const died = { state: 'uncertain', reason: 'worker_lost: It died.', attempts: [lost] };
    expect(of('folding', died)).not.toContain('parked');
    expect(of('folding', { ...died, attempts: [{ ...lost, outcome: 'transient' }] })).toContain('parked');
    expect(of('folding', { ...doubtful, reason: 'exhausted: …' })).toContain('parked');
    expect(of('slack', doubtful)).toContain('parked');
  });

  it('the audit reports a deleted message that is still there', () => {
    const deleted = [...posts, accepted(1, 'delete')];
    expect(judge({ accepted: deleted })).toEqual(['not deleted']);
    expect(judge({ accepted: deleted, held: without('slack-1') })).toEqual([]);
    const cancelled = shown('slack', 1, { state: 'cancelled' });
    expect(judge({ accepted: deleted, held: without('slack-1'), shown: [cancelled] })).toEqual([]);
  });
});
