import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import type { Priority } from '../src/domain/message.ts';
import { now } from './clock.ts';

/** Posts of one kind: at a steady rate whether the answers come or not, or as fast as the answers come. */
export interface Stream {
  readonly origin: string;
  readonly key: string;
  /** A unique name, with which its keys and conversations begin. */
  readonly name: string;
  readonly messages: number;
  /** Messages per second. Absent: each connection posts its next message when the answer to the one before has come. */
  readonly perSecond?: number;
  /** The messages go to these lists of destinations in turn. */
  readonly destinations: readonly (readonly string[])[];
  /** The number of conversations to which the messages belong in turn. Default: none. */
  readonly conversations?: number;
  readonly priority?: Priority;
  /** Every nth message is critical, and in no conversation. */
  readonly criticalEvery?: number;
}

/** One post of a stream. Posts are listed in the order in which they were sent. */
export interface Streamed {
  /** When the post was sent; at a steady rate, when it should have been sent. */
  readonly at: number;
  readonly ms: number;
  /** Status of the answer; 0 when none came. */
  readonly status: number;
  readonly id: string;
  readonly deliveries: readonly { readonly id: string; readonly destination: string }[];
}

const connections = 32;

/** Posts a whole stream and waits for all answers. */
export async function runStream(stream: Stream): Promise<Streamed[]> {
  const { messages, perSecond } = stream;
  const pool = new Pool(stream.origin, { connections, pipelining: 1 });
  const posted: Promise<Streamed>[] = [];
  const start = now();
  if (perSecond !== undefined)
    for (let index = 0; index < messages; index += 1) {
      const due = start + (index / perSecond) * 1_000;
      const wait = due - now();
      if (wait > 0) await sleep(wait);
      posted.push(post(pool, stream, index, due));
    }
  else {
    const lane = async (): Promise<void> => {
      while (posted.length < messages) {
        const one = post(pool, stream, posted.length, now());
        posted.push(one);
        await one;
      }
    };
    await Promise.all(Array.from({ length: connections }, lane));
  }
  const all = await Promise.all(posted);
  await pool.close();
  return all;
}

/** Sends one post. Never rejects: a post without an answer gets the status 0 and counts as refused. */
async function post(pool: Pool, stream: Stream, index: number, at: number): Promise<Streamed> {
  try {
    const { statusCode, body } = await pool.request({
      method: 'POST',
      path: '/v1/messages',
      headers: {
        authorization: `Bearer ${stream.key}`,
        'content-type': 'application/json',
        'idempotency-key': `${stream.name}-${index}`,
      },
      body: JSON.stringify(messageOf(stream, index)),
    });
    const answer = (await body.json()) as Partial<Pick<Streamed, 'id' | 'deliveries'>>;
    return {
      at,
      ms: now() - at,
      status: statusCode,
      id: answer.id ?? '',
      deliveries: statusCode === 202 ? (answer.deliveries ?? []) : [],
    };
  } catch {
    return { at, ms: now() - at, status: 0, id: '', deliveries: [] };
  }
}

function messageOf(stream: Stream, index: number): object {
  const { name, destinations, conversations = 0, priority = 'normal', criticalEvery = Infinity } = stream;
  const isCritical = index % criticalEvery === criticalEvery - 1;
  return {
    type: 'bench.posted',
    text: `**Disk full** on db-${index}: 97 % of 500 GB used, growing by 2 GB an hour. [Runbook](https://example.com/r/17)`,
    labels: { team: 'core', service: 'db' },
    destinations: destinations[index % destinations.length],
    priority: isCritical ? 'critical' : priority,
    ...(conversations > 0 && !isCritical ? { conversation: `${name}-${index % conversations}` } : {}),
  };
}
