import type { Logger } from 'pino';
import type { Sql } from '../store/db/db.ts';
import { sayAlive, sayGone } from '../store/runs/workers.ts';

const everyMs = 5_000;

/** Records every 5 s in PostgreSQL that this worker is alive. `/readyz` of the API reads it. */
export function startHeartbeat(deps: { sql: Sql; worker: string; log: Logger }): { stop(): Promise<void> } {
  const { sql, worker, log } = deps;
  async function beat(): Promise<void> {
    try {
      await sayAlive(sql, worker);
    } catch (error) {
      log.debug({ err: error }, 'heartbeat: PostgreSQL is not usable');
    }
  }
  const timer = setInterval(() => void beat(), everyMs);
  void beat();
  return {
    async stop() {
      clearInterval(timer);
      await sayGone(sql, worker).catch((error: unknown) =>
        log.debug({ err: error }, 'heartbeat: could not take its row away; it grows old by itself'),
      );
    },
  };
}
