import { expectWithin } from '../support/history-bounds.ts';
import { readEvents } from '../support/history.ts';
import { recordHistories } from '../support/record-histories.ts';
import { startStack, type Stack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => void (stack = await startStack({ env: { CARILLON_EXPRESS: '0' } })), 120_000);
afterAll(async () => {
  await recordHistories(stack.temporal, kinds);
  await stack.close();
});

/** One run of each kind for the replay test; see `record-histories.ts`. */
const kinds = new Map<string, string>();

it.each([
  [1, 'without the first round, to 1 destination'],
  [3, 'without the first round, to 3 destinations'],
  [10, 'without the first round, to 10 destinations'],
] as const)('with CARILLON_EXPRESS=0 the history of a run grows with its %i destinations', async (fanOut, kind) => {
  const destinations = Array.from({ length: fanOut }, (_, n) => `plain-${n}`);
  for (const id of destinations) await stack.webhook(id);
  const { id } = await stack.post({ text: 'plain', destinations });
  const { state, workflowId } = await stack.rest(id);
  expect(state).toBe('delivered');
  await stack.temporal.workflow.getHandle(workflowId).result();
  const events = await readEvents(stack.temporal, workflowId);
  expect(events.some(({ markerRecordedEventAttributes: marker }) => marker != null)).toBe(false);
  expectWithin(kind, events.length);
  if (fanOut === 3) kinds.set('without-the-first-round', workflowId);
});
