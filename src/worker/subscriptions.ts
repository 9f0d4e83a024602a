import type { Logger } from 'pino';
import type { Sql } from '../store/db/db.ts';
import { takeDueSubscriptions } from '../store/inbound/subscription-checks.ts';
import type { Runs } from '../temporal/runs.ts';
import { startLoop, type Loop } from './loop.ts';

const everyMs = 2_000;
/** A run that was terminated or lost is started again after so long; one that is there is left alone. */
const againSeconds = 60;

export interface SubscriptionDeps {
  readonly sql: Sql;
  readonly runs: Runs;
  /** Names of the platforms that have subscriptions. */
  readonly connectors: readonly string[];
  readonly log: Logger;
}

/** Starts the look at a connection's subscriptions that cannot wait for the next pass: its bridges or settings changed, or its platform asks for it. */
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
