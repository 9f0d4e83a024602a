/**
 * The most events that the history of a run may have, by what happened to its message. The server warns at 10 240
 * events and ends a run at 51 200. docs/architecture.md shows this table, and test/e2e/history-size.test.ts checks runs
 * against it.
 */
export const historyBounds = {
  'delivered in the first round, to 1, 3 or 10 destinations': 6,
  'an edit or a delete': 6,
  'one retry': 16,
  'twenty retries': 16,
  'a wait for its turn': 16,
  'a wait at a gate: pause, breaker, rate': 16,
  'an hour of waiting, more': 0,
  parked: 9,
  'parked, retried by signal, delivered': 28,
  'each signal of an operator, more': 20,
  'cancelled while it waits': 36,
  'without the first round, to 1 destination': 11,
  'without the first round, to 3 destinations': 23,
  'without the first round, to 10 destinations': 65,
  'one run, before it goes on as a new one': 1_100,
} as const;

/** Fails the test, and names the kind, when a history is longer than its bound. */
export function expectWithin(kind: keyof typeof historyBounds, events: number): void {
  expect([kind, events <= historyBounds[kind] ? 'within its bound' : events]).toEqual([kind, 'within its bound']);
}
