import type { Logger } from 'pino';
import type { Sql } from '../store/db/db.ts';
import { takeDueSubscriptions } from '../store/inbound/subscription-checks.ts';
import type { Runs } from '../temporal/runs.ts';
import { startLoop, type Loop } from './loop.ts';

const everyMs = 2_000;
/** After this time a run is started again in case it was terminated or lost. An open run is left alone. */
const againSeconds = 60;

export interface SubscriptionDeps {
  readonly sql: Sql;
  readonly runs: Runs;
  /** The names of the connectors that have subscriptions. */
  readonly connectors: readonly string[];
  readonly log: Logger;
}

/**
 * Starts the checks of subscriptions that cannot wait for the next pass, because the connection's bridges or settings
 * have changed or its platform asked for a check.
 */
export function startSubscriptions({ sql, runs, connectors, log }: SubscriptionDeps): Loop {
  return startLoop(
    async () => {
      for (const place of await takeDueSubscriptions(sql, connectors, againSeconds))
        await runs.keepSubscriptions(place);
      return everyMs;
    },
    (error) => {
      log.warn({ err: error }, 'subscriptions: a look could not be started; tried again');
      return everyMs;
    },
  );
}
