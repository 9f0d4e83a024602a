// A process of its own: a Temporal worker with the settings of Carillon's, for workflows that do as little as possible.
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
  /** The file with the bundled workflows. */
  readonly bundle: string;
}

export interface BaselineRun {
  readonly seconds: number;
  /** Number of requests of each workflow; 0 for the empty workflow. */
  readonly fanOut: number;
  readonly url: string;
}

export interface BaselineFigures {
  readonly runs: number;
  /** Milliseconds from the first start to the last end. */
  readonly wallMs: number;
  /** Id of one of the workflows, to ask the server about it. */
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
  // The worker runs until this process ends.
  worker.run().catch((error: unknown) => {
    throw error;
  });
  client = new Client({ connection, namespace });
  const { serverVersion } = await connection.workflowService.getSystemInfo({});
  return serverVersion;
}

/** Starts workflows in batches, as the dispatcher does, for a number of seconds, and waits until all have ended. */
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
