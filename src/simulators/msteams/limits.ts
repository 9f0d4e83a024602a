import type { Decision } from '../kit/simulator.ts';
import { refused, type TeamsEvent } from './posts.ts';

/**
 * Limits of one bot's sends to one thread, as pairs: the number of sends, and the milliseconds within which the bot may
 * send them (msteams-docs, "Optimize your bot with rate limiting").
 */
const windows = [
  [7, 1_000],
  [8, 2_000],
  [60, 30_000],
  [1_800, 3_600_000],
] as const;

/** For each thread, the times of the sends, in milliseconds since 1970. */
export interface Limits {
  enabled: boolean;
  readonly sent: Map<string, number[]>;
}

/** Counts a send. When a limit is reached, returns 429 with the whole seconds until there is room. */
export function takeTurn(limits: Limits, thread: string, now: Date): Decision<TeamsEvent> | undefined {
  if (!limits.enabled) return undefined;
  const sent = limits.sent.get(thread) ?? [];
  for (const [most, ms] of windows) {
    const within = sent.filter((time) => time > now.getTime() - ms);
    const first = within[within.length - most];
    if (first === undefined) continue;
    const seconds = Math.max(1, Math.ceil((first + ms - now.getTime()) / 1_000));
    const { answer } = refused(429, 'Throttled', 'Too many requests.');
    return { answer: { ...answer, headers: { 'retry-after': String(seconds) } } };
  }
  limits.sent.set(thread, [...sent, now.getTime()]);
  return undefined;
}
