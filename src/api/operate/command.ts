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

/** How long the answer waits until the runs are woken. The sweep wakes them if this fails. */
const wakeLimitMs = 1_000;

/**
 * Returns the function that stores a retry or cancel and then wakes the runs. The stored command is what counts: while
 * Temporal is away, the sweep puts it into effect later.
 * @throws Problem 409 when there is nothing to retry or cancel.
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
      log.warn({ command: kind, count: ids.length, err: error }, 'no run was woken; the sweep will do it');
    }
    // The message may have no run, so tell the dispatcher too.
    poke();
  };
}

function nothingToDo(kind: CommandKind, commanded: readonly CommandedDelivery[]): Problem {
  const states = [...new Set(commanded.map(({ state }) => state))].join(', ');
  const why = states === '' ? 'It has no deliveries.' : `Its state: ${states}.`;
  return kind === 'retry'
    ? new Problem('not_retryable', `Only deliveries that are parked, uncertain or retrying can be retried. ${why}`)
    : new Problem('not_cancellable', `Only deliveries that are not final can be cancelled. ${why}`);
}
