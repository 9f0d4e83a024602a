import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../support/client.ts';
import { destinations } from './destinations.ts';
import { textOf, type Operation } from './operations.ts';
import type { Random } from './random.ts';

/** An operation that the API accepted. */
export interface Accepted {
  readonly operation: Operation;
  /** Id of the message that the answer names. For an edit or a delete it may be a message of its own. */
  readonly id: string;
  readonly deliveries: readonly { readonly id: string; readonly destination: string }[];
}

export interface Load {
  readonly accepted: Accepted[];
  /** Operations that were refused for good, with the answer. */
  readonly refused: { readonly operation: Operation; readonly answer: string }[];
  posts: number;
  /** Answers 503 or 429. After a 503 it is unknown whether the operation was accepted. */
  unavailable: number;
  /** Connections that broke or gave no answer in time. */
  broken: number;
  /** Repeated requests whose operation had been accepted before. */
  folded: number;
  /** Operations that were accepted or refused for good. */
  done: number;
}

interface Answer {
  readonly status: number;
  readonly body: {
    readonly id?: string;
    readonly duplicate?: boolean;
    readonly deliveries?: Accepted['deliveries'];
  };
}

const answerMs = 8_000;
const leastPauseMs = 100;
const mostPauseMs = 600;
/** Number of requests that are sent at the same time. */
const width = 24;

/** The request of each kind of operation. A new kind needs one entry here. */
const requests: Readonly<
  Record<Operation['kind'], (operation: Operation, id: string) => { method: string; path: string; body?: object }>
> = {
  create: (operation) => ({
    method: 'POST',
    path: '/v1/messages',
    body: { text: textOf(operation), conversation: operation.conversation, destinations },
  }),
  edit: (operation, id) => ({
    method: 'PATCH',
    path: `/v1/messages/${id}`,
    body: { text: textOf(operation, operation.kind === 'edit' ? operation.version : 1) },
  }),
  delete: (_, id) => ({ method: 'DELETE', path: `/v1/messages/${id}` }),
};

/**
 * Sends all operations as a good client would: each at its time, the operations of one conversation one after the
 * other, and each again under the same key, at either API, until it is accepted or refused for good.
 */
export async function runLoad(
  operations: readonly Operation[],
  apis: readonly Client[],
  random: Random,
  load: Load,
): Promise<void> {
  const begin = Date.now();
  const lanes = new Map<string, Promise<void>>();
  const ids = new Map<string, string>();
  let free = width;
  const waiting: (() => void)[] = [];
  const enter = async (): Promise<void> => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  const perform = async (operation: Operation): Promise<void> => {
    await enter();
    try {
      const name = `${operation.conversation}-${operation.number}`;
      const answer = await untilAccepted(operation, ids.get(name) ?? '', apis, random, load);
      if (answer !== undefined && operation.kind === 'create') ids.set(name, answer.id);
      load.done += 1;
    } finally {
      leave();
    }
  };
  for (const operation of operations) {
    await sleep(Math.max(0, begin + operation.at - Date.now()));
    const { conversation } = operation;
    lanes.set(
      conversation,
      (lanes.get(conversation) ?? Promise.resolve()).then(() => perform(operation)),
    );
  }
  await Promise.all(lanes.values());
}

export function newLoad(): Load {
  return { accepted: [], refused: [], posts: 0, unavailable: 0, broken: 0, folded: 0, done: 0 };
}

async function untilAccepted(
  operation: Operation,
  id: string,
  apis: readonly Client[],
  random: Random,
  load: Load,
): Promise<Accepted | undefined> {
  for (;;) {
    const answer = await ask(random.pick(apis), operation, id);
    load.posts += 1;
    if (answer === undefined) load.broken += 1;
    else if (answer.status < 300) {
      if (answer.body.duplicate === true) load.folded += 1;
      const accepted = { operation, id: answer.body.id ?? id, deliveries: answer.body.deliveries ?? [] };
      load.accepted.push(accepted);
      return accepted;
    } else if (answer.status === 503 || answer.status === 429) load.unavailable += 1;
    else {
      load.refused.push({ operation, answer: `${answer.status} ${JSON.stringify(answer.body)}` });
      return undefined;
    }
    await sleep(random.between(leastPauseMs, mostPauseMs));
  }
}

/**
 * Sends one request. Returns undefined when no answer came within 8 s, so that it is unknown whether the API accepted
 * it.
 */
async function ask(api: Client, operation: Operation, id: string): Promise<Answer | undefined> {
  const { method, path, body } = requests[operation.kind](operation, id);
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), answerMs);
  try {
    return await Promise.race([
      api.call(method, path, body, { 'idempotency-key': operation.key }) as Promise<Answer>,
      new Promise<never>((_, reject) => over.signal.addEventListener('abort', () => reject(new Error('no answer')))),
    ]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
