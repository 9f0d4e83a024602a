import type { FastifyRequest } from 'fastify';
import { requestCancel, requestRetry, type CommandedDelivery, type CommandTarget } from '../../store/runs/commands.ts';
import type { ApiDeps } from '../deps.ts';
import { Problem } from '../errors.ts';
import { within } from '../limits/time-limit.ts';

export type CommandKind = 'retry' | 'cancel';

export type GiveCommand = (
  request: Pick<FastifyRequest, 'caller' | 'log'>,
  kind: CommandKind,
  target: CommandTarget,
  reason: string | undefined,
) => Promise<void>;

/** Waking the runs is quick or comes to nothing; the sweep does it too. */
const wakeLimitMs = 1_000;

/**
 * Stores a retry or cancel, then wakes the runs. What is stored is the answer: with Temporal away it takes effect when
 * the sweep finds it.
 */
export function commandGiver({ sql, runs, poke }: ApiDeps): GiveCommand {
  return async ({ caller: { tenant, key: by }, log }, kind, target, reason) => {
    const commanded = await (kind === 'retry' ? requestRetry : requestCancel)(sql, tenant, target);
    const changed = commanded.filter((one) => one.changed);
    if (changed.length === 0) throw nothingToDo(kind, commanded);
    const ids = changed.map(({ id }) => id);
    log.info({ command: kind, deliveries: ids.slice(0, 20), count: ids.length, by, reason }, 'command stored');
    try {
      await within(wakeLimitMs, runs.command(kind, changed, by));
    } catch (error) {
      log.warn({ command: kind, count: ids.length, err: error }, 'no run was woken; the sweep will');
    }
    // A message may have no run yet, or none that could go now.
    poke();
  };
}

function nothingToDo(kind: CommandKind, commanded: readonly CommandedDelivery[]): Problem {
  const states = [...new Set(commanded.map(({ state }) => state))].join(', ');
  const why = states === '' ? 'It has no deliveries.' : `Its state: ${states}.`;
  return kind === 'retry'
    ? new Problem('not_retryable', `Only what is parked, uncertain or retrying can be retried. ${why}`)
    : new Problem('not_cancellable', `Only what is not final can be cancelled. ${why}`);
}
