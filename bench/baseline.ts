// A process of its own: a Temporal worker as Carillon's is one, for workflows that do next to nothing.
import { readFileSync } from 'node:fs';
import { Client } from '@temporalio/client';
import { NativeConnection, Runtime, Worker, type InjectedSinks } from '@temporalio/worker';
import { Agent, request } from 'undici';
import { now } from './clock.ts';
import { serve } from './serve.ts';
import type { Ended } from './workflows.ts';
import { dispatch, workerSettings } from './worker-settings.ts';

export interface BaselineOptions {
  readonly address: string;
  readonly namespace: string;
  /** File with the bundled workflows. */
  readonly bundle: string;
}

export interface BaselineRun {
  readonly seconds: number;
  /** Requests of each workflow; none is the empty one. */
  readonly fanOut: number;
  readonly url: string;
}

export interface BaselineFigures {
  readonly runs: number;
  /** From the first start to the last end. */
  readonly wallMs: number;
  /** A workflow id, to ask the server about. */
  readonly sample: string;
}

const taskQueue = 'carillon-bench';
const pollMs = 2;
const body = JSON.stringify({ text: 'x'.repeat(600) });

let started = 0;
let ended = 0;
let lastEnd = 0;

const sinks: InjectedSinks<Ended> = {
  ended: {
    note: {
      fn() {
        ended += 1;
        lastEnd = now();
      },
    },
  },
};

const agent = new Agent({ pipelining: 1 });

async function post(url: string, id: string): Promise<void> {
  const answer = await request(url, { dispatcher: agent, method: 'POST', headers: { 'webhook-id': id }, body });
  await answer.body.dump();
}

Runtime.install({ shutdownSignals: [], telemetryOptions: { logging: { filter: 'ERROR' } } });
let client: Client | undefined;

async function open({ address, namespace, bundle }: BaselineOptions): Promise<string> {
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue,
    workflowBundle: { code: readFileSync(bundle, 'utf8') },
    activities: { post },
    sinks,
    ...workerSettings,
  });
  // Until this process ends: between its turns it only waits for work.
  worker.run().catch((error: unknown) => {
    throw error;
  });
  client = new Client({ connection, namespace });
  const { serverVersion } = await connection.workflowService.getSystemInfo({});
  return serverVersion;
}

/** Batches of starts, as the dispatcher makes them, for so long; then waits until all have ended. */
async function run({ seconds, fanOut, url }: BaselineRun): Promise<BaselineFigures> {
  if (client === undefined) throw new Error('not open');
  const { workflow } = client;
  started = 0;
  ended = 0;
  const start = now();
  const prefix = `bench-${process.pid}-${start}`;
  const startOne = async (): Promise<void> => {
    const workflowId = `${prefix}-${(started += 1)}`;
    const ids = Array.from({ length: fanOut }, (_, index) => `${workflowId}-${index}`);
    await workflow.start(fanOut === 0 ? 'empty' : 'postOnly', {
      workflowId,
      taskQueue,
      args: fanOut === 0 ? [] : [url, ids],
      requestEagerStart: true,
    });
  };
  while (now() < start + seconds * 1_000) {
    const free = Math.min(dispatch.startsAtOnce, dispatch.room - (started - ended));
    if (free <= 0) await pause();
    else await Promise.all(Array.from({ length: free }, startOne));
  }
  while (ended < started) await pause();
  return { runs: ended, wallMs: lastEnd - start, sample: `${prefix}-1` };
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, pollMs));

serve({ open, run });
