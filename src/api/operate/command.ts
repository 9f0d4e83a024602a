import type { FastifyRequest } from 'fastify';
import { requestCancel, requestRetry, type Wished, type WishScope } from '../../store/runs/commands.ts';
import type { ApiDeps } from '../deps.ts';
import { Problem } from '../errors.ts';
import { within } from '../limits/time-limit.ts';

export type WishKind = 'retry' | 'cancel';

export type MakeWish = (
  request: Pick<FastifyRequest, 'caller' | 'log'>,
  kind: WishKind,
  scope: WishScope,
  reason: string | undefined,
) => Promise<void>;

/** Waking the runs is quick or comes to nothing; the sweep does it too. */
const wakeLimitMs = 1_000;

/**
 * Stores a retry or cancel, then wakes the runs. What is stored is the answer: with Temporal away it takes effect when
 * the sweep finds it.
 */
export function wishMaker({ sql, runs, poke }: ApiDeps): MakeWish {
  return async ({ caller: { tenant, key: by }, log }, kind, scope, reason) => {
    const wished = await (kind === 'retry' ? requestRetry : requestCancel)(sql, tenant, scope);
    const changed = wished.filter((one) => one.changed);
    if (changed.length === 0) throw nothingToDo(kind, wished);
    const ids = changed.map(({ id }) => id);
    log.info({ wish: kind, deliveries: ids.slice(0, 20), count: ids.length, by, reason }, 'wish stored');
    try {
      await within(wakeLimitMs, runs.wish(kind, changed, by));
    } catch (error) {
      log.warn({ wish: kind, count: ids.length, err: error }, 'no run was woken; the sweep will');
    }
    // A message may have no run yet, or none that could go now.
    poke();
  };
}

function nothingToDo(kind: WishKind, wished: readonly Wished[]): Problem {
  const states = [...new Set(wished.map(({ state }) => state))].join(', ');
  const why = states === '' ? 'It has no deliveries.' : `Its state: ${states}.`;
  return kind === 'retry'
    ? new Problem('not_retryable', `Only what is parked, uncertain or retrying can be retried. ${why}`)
    : new Problem('not_cancellable', `Only what is not final can be cancelled. ${why}`);
}
