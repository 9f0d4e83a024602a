import { readLedger } from '../../src/store/ledger/ledger.ts';
import type { GateBench } from './gate-bench.ts';

/** What tests of lanes do with the deliveries of one conversation to `orders`. */
export function laneBench(open: () => GateBench) {
  const claimed = (id: string) => open().token(id);
  return {
    /** Accepts `count` messages of one conversation and returns their deliveries, oldest first. */
    lane: async (conversation: string, count: number, options: Parameters<GateBench['post']>[0] = {}) =>
      (await open().queue('orders', count, { conversation, ...options })) as [string, string, string, ...string[]],
    claimed,
    park: async (id: string) => open().fail(id, await claimed(id), { park: true }),
    deliver: async (id: string) => open().deliver(id, await claimed(id)),
    mayGo: async (delivery: string) => {
      const [entry] = await readLedger(open().sql, open().ring, [delivery]);
      return entry?.view.isBehind === false;
    },
    holdOf: async (delivery: string) => (await open().delivery(delivery))['hold_until'] as Date,
    /** Ends the holds of these deliveries by making them an hour older. */
    endTheHold: (...deliveries: string[]) => open().sql`
      update deliveries set held_since = held_since - interval '1 hour', hold_until = hold_until - interval '1 hour',
        due_at = due_at - interval '1 hour' where id = any(${deliveries})`,
  };
}

export const hold = { holdForMs: 300_000 };
export const forever = { holdForMs: Number.POSITIVE_INFINITY };

/** Returns the deliveries that a statement names to go next. */
export const named = ({ next }: { next: readonly { delivery: string }[] }) => next.map(({ delivery }) => delivery);
