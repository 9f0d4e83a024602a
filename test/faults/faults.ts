import { destinations, type Destination } from './destinations.ts';
import type { FaultMode } from '../../src/simulators/kit/faults.ts';
import { linkNames, type LinkName } from './links.ts';
import type { Random } from './random.ts';

/** A fault and when it strikes, in milliseconds since the start of the soak. */
export type Fault = { readonly at: number } & (
  | { readonly kind: 'kill'; readonly process: string; readonly downMs: number }
  /** The process is stopped as an operator stops it: PostgreSQL with SIGINT, the others with SIGTERM. */
  | { readonly kind: 'stop'; readonly process: string; readonly downMs: number }
  | { readonly kind: 'cut' | 'blackhole' | 'slow'; readonly link: LinkName; readonly forMs: number }
  | { readonly kind: 'reset'; readonly link: LinkName; readonly forMs: number }
  /** A fault of a sink, for at most `times` requests. */
  | {
      readonly kind: 'sink';
      readonly destination: Destination;
      readonly mode: FaultMode;
      readonly times: number;
      readonly forMs: number;
      readonly status?: number;
      readonly delayMs?: number;
      readonly retryAfter?: number;
    }
);

type Card = (random: Random) => DistributiveOmit<Fault, 'at'>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

const workers = ['worker-1', 'worker-2'] as const;
const apis = ['api-1', 'api-2'] as const;

const processCards: readonly Card[] = [
  (random) => ({ kind: 'kill', process: random.pick(workers), downMs: random.between(200, 2_000) }),
  (random) => ({ kind: 'kill', process: random.pick(workers), downMs: random.between(200, 2_000) }),
  (random) => ({ kind: 'kill', process: random.pick(apis), downMs: random.between(200, 2_000) }),
  (random) => ({ kind: 'stop', process: random.pick(workers), downMs: random.between(200, 1_000) }),
  (random) => ({ kind: 'kill', process: 'postgres', downMs: random.between(200, 1_500) }),
  (random) => ({ kind: 'stop', process: 'postgres', downMs: random.between(200, 1_500) }),
  (random) => ({ kind: 'kill', process: 'temporal', downMs: random.between(200, 2_000) }),
];

const linkCards: readonly Card[] = linkNames.flatMap((link): Card[] => [
  (random) => ({ kind: 'cut', link, forMs: random.between(500, 2_500) }),
  (random) => ({ kind: 'reset', link, forMs: random.between(100, 600) }),
  (random) => ({ kind: 'blackhole', link, forMs: random.between(1_000, 4_000) }),
  (random) => ({ kind: 'slow', link, forMs: random.between(1_000, 3_000) }),
]);

/** What a platform refuses, what it loses, and what it accepts without an answer. */
const sinkCards: readonly Card[] = destinations.flatMap((destination): Card[] => {
  const struck = (random: Random) => ({ destination, times: random.between(2, 10), forMs: 6_000 });
  return [
    (random) => ({ kind: 'sink', mode: 'status', status: 429, retryAfter: 1, ...struck(random) }),
    (random) => ({ kind: 'sink', mode: 'status', status: random.pick([500, 503]), ...struck(random) }),
    (random) => ({ kind: 'sink', mode: 'delay', delayMs: random.between(300, 2_000), ...struck(random) }),
    (random) => ({ kind: 'sink', mode: random.pick(['reset-before', 'timeout']), ...struck(random) }),
    (random) => ({ kind: 'sink', mode: 'reset-after', ...struck(random) }),
    (random) => ({ kind: 'sink', mode: 'commit-then-timeout', ...struck(random) }),
    (random) => ({ kind: 'sink', mode: 'commit-then-status', status: 500, ...struck(random) }),
  ];
});

export interface FaultOptions {
  readonly durationMs: number;
  /** About the time between two faults, in milliseconds. */
  readonly everyMs: number;
  /** Whether there are proxies with which connections can be broken. */
  readonly links: boolean;
}

/**
 * Deals all kinds of fault in random order: each kind comes once before any comes twice. Without proxies the faults of
 * links are dealt too and then left out, so that a seed means the same other faults.
 */
export function planFaults(random: Random, { durationMs, everyMs, links }: FaultOptions): Fault[] {
  const faults: Fault[] = [];
  let deck: Card[] = [];
  for (let at = everyMs; at < durationMs; at += everyMs) {
    if (deck.length === 0) deck = random.shuffled([...processCards, ...linkCards, ...sinkCards]);
    const card = deck.pop();
    const jitter = random.between(0, Math.floor(everyMs / 2));
    if (card !== undefined) faults.push({ at: at + jitter, ...card(random) } as Fault);
  }
  return links ? faults : faults.filter((fault) => !('link' in fault));
}

/** Describes a fault in one line for the log. */
export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'kill':
    case 'stop':
      return `${fault.kind} ${fault.process}, down for ${fault.downMs} ms`;
    case 'sink': {
      const what = [fault.mode, fault.status, fault.delayMs && `${fault.delayMs} ms`].filter(Boolean).join(' ');
      return `${fault.destination}: ${what}, ${fault.times} times`;
    }
    default:
      return `${fault.kind} ${fault.link} for ${fault.forMs} ms`;
  }
}
