import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import type { Hook } from './simulator.ts';

/** One event on its way out, as `GET /_sim/<name>/outbox` shows it. */
export interface SentHook {
  readonly id: number;
  readonly url: string;
  readonly body: string;
  /** Status of each attempt; null where there was no answer. */
  readonly attempts: (number | null)[];
  state: 'held' | 'sending' | 'waiting' | 'taken' | 'given-up';
}

export interface OutboxSettings {
  /** Events are kept back until this is taken away. */
  readonly held: boolean;
  /** How often each is sent although it was taken; 1 is right. */
  readonly copies: number;
  /** Waits before another attempt are divided by this: hours in a test are seconds. */
  readonly speed: number;
}

/** The platform's side of its events: sends each, and again where the platform would. */
export interface Outbox {
  add(hooks: readonly Hook[]): void;
  set(change: Partial<OutboxSettings>): OutboxSettings;
  /** Sends what is held: as it came, or backwards. */
  release(order: 'same' | 'reversed'): void;
  /** Sends all that were ever sent once more, as a platform that has forgotten its answers. */
  repeat(): void;
  list(): readonly SentHook[];
}

/** @param stopping aborted at the end; what waits then is not sent. */
export function createOutbox(stopping: AbortSignal): Outbox {
  let settings: OutboxSettings = { held: false, copies: 1, speed: 1 };
  const sent: SentHook[] = [];
  const all: { hook: Hook; record: SentHook }[] = [];
  let held: { hook: Hook; record: SentHook }[] = [];
  /** The end of what was sent last in a lane. */
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
      // No answer is what a platform sees, whatever the reason.
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
    // deliver catches what the network does; anything else is a defect of the simulator, and must be seen.
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
