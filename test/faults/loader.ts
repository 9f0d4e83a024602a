import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../support/client.ts';
import { destinations } from './destinations.ts';
import { textOf, type Operation } from './operations.ts';
import type { Random } from './random.ts';

/** What the API has taken on. */
export interface Accepted {
  readonly operation: Operation;
  /** Of the message that the answer names: an edit's or a delete's may be one of its own. */
  readonly id: string;
  readonly deliveries: readonly { readonly id: string; readonly destination: string }[];
}

export interface Load {
  readonly accepted: Accepted[];
  /** Operations that were refused for good, with the answer. */
  readonly refused: { readonly operation: Operation; readonly answer: string }[];
  posts: number;
  /** Answers 503 and the like, after which nobody knows. */
  unavailable: number;
  /** Connections that broke, or gave no answer in time. */
  broken: number;
  /** Repeated posts that turned out to have been accepted before. */
  folded: number;
  /** Operations that have their answer. */
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
/** Posts under way at once. */
const width = 24;

/** How each kind of operation asks. A later kind is one entry here. */
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
 * Does all operations as a good client would: at their time, those of one conversation one after the other, each again
 * under its key, at either API, until it knows that it was accepted.
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

/** @returns undefined where no answer came, so that nobody knows what became of it. */
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
