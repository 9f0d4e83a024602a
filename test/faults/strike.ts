import { setTimeout as sleep } from 'node:timers/promises';
import { destinations, postPath, simulatorOf } from './destinations.ts';
import { describeFault, type Fault } from './faults.ts';
import type { Rig } from './rig.ts';
import type { Toxic } from './toxiproxy.ts';

/** A fault and when it struck. */
export interface Struck {
  readonly fault: Fault;
  readonly at: string;
}

const toxics: Readonly<Record<'blackhole' | 'slow' | 'reset', Toxic>> = {
  blackhole: { type: 'timeout', attributes: { timeout: 0 } },
  slow: { type: 'latency', attributes: { latency: 250, jitter: 150 } },
  reset: { type: 'reset_peer', attributes: { timeout: 0 } },
};

/** How long a kill waits until the worker is sending something that the kill can interrupt. */
const sendingMs = 2_000;
/** A fault that makes a sink slow, so that a request can be interrupted in the middle. */
const dawdle = { mode: 'delay', delayMs: 500, times: 6, forMs: sendingMs } as const;

/**
 * Lets every fault strike at its time. Faults may overlap, but a second fault of the same process or link waits for the
 * end of the first.
 * @returns what happened, when all faults are over.
 */
export async function strikeAll(rig: Rig, faults: readonly Fault[], say: (line: string) => void): Promise<Struck[]> {
  const begin = Date.now();
  const struck: Struck[] = [];
  const busy = new Map<string, Promise<void>>();
  const underWay: Promise<void>[] = [];
  for (const fault of faults) {
    await sleep(Math.max(0, begin + fault.at - Date.now()));
    const target = targetOf(fault);
    const one = (busy.get(target) ?? Promise.resolve()).then(async () => {
      say(describeFault(fault));
      struck.push({ fault, at: new Date().toISOString() });
      await strike(rig, fault);
    });
    busy.set(target, one);
    underWay.push(one);
    one.catch(() => undefined); // thrown below
  }
  await Promise.all(underWay);
  return struck;
}

/** Ends all faults. */
export async function heal({ processes, links, apis }: Rig, names: readonly string[]): Promise<void> {
  await links?.toxiproxy?.reset();
  for (const name of names) await processes.restart(name);
  for (const simulator of ['webhook', 'slack']) await apis[0]?.clearFaults(simulator);
}

function targetOf(fault: Fault): string {
  if ('process' in fault) return fault.process;
  return 'link' in fault ? fault.link : `sink ${fault.destination}`;
}

/**
 * Makes the sinks slow and waits until the worker has been sending for 50 ms. Killing a worker that sends nothing would
 * prove nothing.
 */
async function inTheMiddle({ processes, sql, apis }: Rig, worker: string): Promise<void> {
  for (const destination of destinations)
    await apis[0]?.fault(simulatorOf[destination], { ...dawdle, path: postPath[destination] });
  const pid = processes.pidOf(worker);
  const isSending = async (): Promise<boolean> => {
    const rows = await sql`
      select 1 from attempts where ended_at is null and worker like ${`%:${pid}`}
        and started_at < clock_timestamp() - interval '50 milliseconds' limit 1`;
    return rows.length > 0;
  };
  // If the worker sends nothing in time, or PostgreSQL is away, the worker dies idle.
  for (const end = Date.now() + sendingMs; Date.now() < end; await sleep(5))
    if (await isSending().catch(() => true)) return;
}

async function strike(rig: Rig, fault: Fault): Promise<void> {
  const { processes, links, apis } = rig;
  switch (fault.kind) {
    case 'kill':
    case 'stop':
      if (fault.process.startsWith('worker')) await inTheMiddle(rig, fault.process);
      await processes[fault.kind](fault.process);
      await sleep(fault.downMs);
      await processes.restart(fault.process);
      return;
    case 'cut':
      await links?.toxiproxy?.enable(fault.link, false);
      await sleep(fault.forMs);
      await links?.toxiproxy?.enable(fault.link, true);
      return;
    case 'blackhole':
    case 'slow':
    case 'reset':
      await links?.toxiproxy?.add(fault.link, toxics[fault.kind]);
      await sleep(fault.forMs);
      await links?.toxiproxy?.remove(fault.link);
      return;
    case 'sink': {
      const { mode, times, forMs, status, delayMs, retryAfter, destination } = fault;
      const spec = { mode, times, forMs, path: postPath[destination], status, delayMs, retryAfter };
      await apis[0]?.fault(simulatorOf[destination], spec);
      await sleep(forMs);
    }
  }
}
