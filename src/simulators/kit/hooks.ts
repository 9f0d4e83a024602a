import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import type { Hook } from './simulator.ts';

/** One event that the platform sends out, as `GET /_sim/<name>/outbox` shows it. */
export interface SentHook {
  readonly id: number;
  readonly url: string;
  readonly body: string;
  /** The status of each attempt's answer; null for an attempt without an answer. */
  readonly attempts: (number | null)[];
  state: 'held' | 'sending' | 'waiting' | 'taken' | 'given-up';
}

export interface OutboxSettings {
  /** While true, new events are kept back until `release`. */
  readonly held: boolean;
  /** How many times each event is sent although the receiver accepted it. A correct platform sends it once. */
  readonly copies: number;
  /** The waits between attempts are divided by this, so that hours become seconds in a test. */
  readonly speed: number;
}

/** Sends the platform's events to their subscribers, and sends an event again where the platform would. */
export interface Outbox {
  add(hooks: readonly Hook[]): void;
  set(change: Partial<OutboxSettings>): OutboxSettings;
  /** Sends the events that are kept back, in the order in which they came or in the reverse order. */
  release(order: 'same' | 'reversed'): void;
  /** Sends every event of the past once more, like a platform that forgot the answers. */
  repeat(): void;
  list(): readonly SentHook[];
}

/** @param stopping aborts when the simulators stop; the outbox then sends nothing more. */
export function createOutbox(stopping: AbortSignal): Outbox {
  let settings: OutboxSettings = { held: false, copies: 1, speed: 1 };
  const sent: SentHook[] = [];
  const all: { hook: Hook; record: SentHook }[] = [];
  let held: { hook: Hook; record: SentHook }[] = [];
  /** For each lane, a promise that settles when the last event that was put into the lane has been sent. */
  const lanes = new Map<string, Promise<void>>();

  async function attempt(hook: Hook, number: number): Promise<number | undefined> {
    const { method, headers, body } = hook.make(new Date(), number);
    try {
      const answer = await request(hook.url, {
        method: method ?? 'POST',
        headers,
        body,
        headersTimeout: hook.timeoutMs,
        bodyTimeout: hook.timeoutMs,
        signal: stopping,
      });
      const text = await answer.body.text();
      hook.onAnswer?.(answer.statusCode, text);
      return answer.statusCode;
    } catch {
      // For the platform, every error is the same: it got no answer.
      return undefined;
    }
  }

  async function deliver(hook: Hook, record: SentHook): Promise<void> {
    record.state = 'sending';
    for (let number = 0; !stopping.aborted; number += 1) {
      const status = await attempt(hook, number);
      record.attempts.push(status ?? null);
      if (status !== undefined && status >= 200 && status < 300) record.state = 'taken';
      const wait = hook.schedule[number];
      if (record.state === 'taken' || wait === undefined || !hook.isSentAgain(status)) break;
      record.state = 'waiting';
      await delay(wait / settings.speed, undefined, { signal: stopping }).catch(() => undefined);
    }
    if (record.state !== 'taken') record.state = 'given-up';
  }

  function send({ hook, record }: { hook: Hook; record: SentHook }): void {
    const before = hook.lane === undefined ? Promise.resolve() : (lanes.get(hook.lane) ?? Promise.resolve());
    const work = before.then(async () => {
      for (let copy = 0; copy < settings.copies; copy += 1) await deliver(hook, record);
    });
    if (hook.lane !== undefined) lanes.set(hook.lane, work);
    // `deliver` handles every error of the network. Any other rejection is a defect of the simulator: it must stay
    // unhandled so that Node.js reports it.
    void work;
  }

  return {
    add(hooks) {
      for (const hook of hooks) {
        const body = hook.make(new Date(), 0).body.toString();
        const record: SentHook = { id: sent.length + 1, url: hook.url, body, attempts: [], state: 'held' };
        sent.push(record);
        const one = { hook, record };
        all.push(one);
        if (settings.held) held.push(one);
        else send(one);
      }
    },
    set(change) {
      settings = { ...settings, ...change };
      return settings;
    },
    release(order) {
      const waiting = order === 'reversed' ? [...held].reverse() : held;
      held = [];
      waiting.forEach(send);
    },
    repeat() {
      all.forEach(send);
    },
    list: () => sent,
  };
}
