import { planFaults } from './faults.ts';
import { planOperations, readText, textOf } from './operations.ts';
import { createRandom } from './random.ts';

const options = { messages: 200, conversations: 7, durationMs: 60_000, edits: true };
const faultOptions = { durationMs: 200_000, everyMs: 1_000, links: true };

it('a seed always means the same messages and the same faults, and another seed means others', () => {
  const plan = (seed: number) => [
    planOperations(createRandom(seed), options),
    planFaults(createRandom(seed), faultOptions),
  ];
  expect(plan(7)).toEqual(plan(7));
  expect(plan(7)).not.toEqual(plan(8));
});

it('messages of a soak are numbered in their conversation, and changed only after they were created', () => {
  const numbers = new Map<string, number>();
  const operations = planOperations(createRandom(1), options);
  for (const { kind, conversation, number } of operations) {
    const last = numbers.get(conversation) ?? 0;
    if (kind === 'create') numbers.set(conversation, number);
    expect(kind === 'create' ? number : 0).toBe(kind === 'create' ? last + 1 : 0);
    if (kind !== 'create') expect(number).toBeLessThanOrEqual(last);
  }
  expect(new Set(operations.map(({ key }) => key)).size).toBe(operations.length);
  expect(operations.filter(({ kind }) => kind === 'edit').length).toBeGreaterThan(0);
  expect(operations.filter(({ kind }) => kind === 'delete').length).toBeGreaterThan(0);
});

it('every kind of fault occurs, and without proxies the faults that need none stay the same', () => {
  const faults = planFaults(createRandom(3), faultOptions);
  expect(new Set(faults.map(({ kind }) => kind))).toEqual(
    new Set(['kill', 'stop', 'cut', 'blackhole', 'slow', 'reset', 'sink']),
  );
  expect(planFaults(createRandom(3), { ...faultOptions, links: false })).toEqual(
    faults.filter((fault) => !('link' in fault)),
  );
});

it('the text of a soak message tells its conversation, number and version', () => {
  expect(readText(textOf({ conversation: 'c12', number: 34 }, 2))).toEqual({
    conversation: 'c12',
    number: 34,
    version: 2,
  });
  expect(readText('hello')).toBeUndefined();
});
