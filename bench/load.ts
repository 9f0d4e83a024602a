// A process of its own: posts messages to the API and measures the milliseconds until each answer.
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { now } from './clock.ts';
import { serve } from './serve.ts';
import { runStream } from './stream.ts';

/** One post and its answer. */
export interface Posted {
  /** When the post was sent; at a steady rate, when it should have been sent. */
  readonly at: number;
  readonly ms: number;
  readonly status: number;
  /** Id of the message; empty when it was not accepted. */
  readonly id: string;
  readonly deliveries: readonly string[];
}

export interface LoadTarget {
  readonly origin: string;
  readonly key: string;
}

/** Posts that follow each other on each connection, as fast as the answers come. */
export interface Burst {
  readonly fanOut: number;
  readonly connections: number;
  /** The burst ends after this many posts, or after this many seconds. */
  readonly messages?: number;
  readonly seconds?: number;
}

/** Posts at a steady rate, whether the answers come or not. */
export interface Steady {
  readonly fanOut: number;
  readonly perSecond: number;
  readonly seconds: number;
}

const steadyConnections = 64;

let target: LoadTarget = { origin: '', key: '' };
let posts = 0;

function openPool(connections: number): Pool {
  return new Pool(target.origin, { connections, pipelining: 1 });
}

async function post(pool: Pool, fanOut: number, at: number): Promise<Posted> {
  posts += 1;
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path: '/v1/messages',
    headers: {
      authorization: `Bearer ${target.key}`,
      'content-type': 'application/json',
      'idempotency-key': `bench-${process.pid}-${posts}`,
    },
    body: JSON.stringify({
      type: 'bench.posted',
      text: `**Disk full** on db-${posts}: 97 % of 500 GB used, growing by 2 GB an hour. [Runbook](https://example.com/r/17)`,
      labels: { team: 'core', service: 'db' },
      destinations: Array.from({ length: fanOut }, (_, index) => `sink-${index + 1}`),
    }),
  });
  const answer = (await body.json()) as { id?: string; deliveries?: { id: string }[] };
  return {
    at,
    ms: now() - at,
    status: statusCode,
    id: statusCode === 202 ? (answer.id ?? '') : '',
    deliveries: (answer.deliveries ?? []).map(({ id }) => id),
  };
}

async function burst({ fanOut, connections, messages = Infinity, seconds = Infinity }: Burst): Promise<Posted[]> {
  const pool = openPool(connections);
  const end = now() + seconds * 1_000;
  const posted: Posted[] = [];
  let begun = 0;
  const lane = async (): Promise<void> => {
    while (begun < messages && now() < end) {
      begun += 1;
      posted.push(await post(pool, fanOut, now()));
    }
  };
  await Promise.all(Array.from({ length: connections }, lane));
  await pool.close();
  return posted;
}

async function steady({ fanOut, perSecond, seconds }: Steady): Promise<Posted[]> {
  const pool = openPool(steadyConnections);
  const start = now();
  const posted: Promise<Posted>[] = [];
  for (let index = 0; index < perSecond * seconds; index += 1) {
    const due = start + (index / perSecond) * 1_000;
    const wait = due - now();
    if (wait > 0) await sleep(wait);
    const one = post(pool, fanOut, due);
    one.catch(() => undefined); // it is thrown below, where all are awaited
    posted.push(one);
  }
  const all = await Promise.all(posted);
  await pool.close();
  return all;
}

/** Sends bare requests to the sink, to see how fast this machine is at most. */
async function bare({ origin, connections, seconds }: { origin: string; connections: number; seconds: number }) {
  const pool = new Pool(origin, { connections, pipelining: 1 });
  const start = now();
  let count = 0;
  const lane = async (): Promise<void> => {
    while (now() < start + seconds * 1_000) {
      const { body } = await pool.request({ method: 'POST', path: '/', headers: { 'webhook-id': 'bare' }, body: '{}' });
      await body.dump();
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, lane));
  const perSecond = count / ((now() - start) / 1_000);
  await pool.close();
  return { count, perSecond };
}

serve({
  aim(at: LoadTarget): void {
    target = at;
  },
  burst,
  steady,
  bare,
  stream: runStream,
});
