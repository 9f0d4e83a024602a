import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config.ts';
import { loadKeyRing } from '../keys.ts';
import { createLogger } from '../observability/logger.ts';
import { connect } from '../store/db/db.ts';
import { runWorker } from '../worker/run.ts';
import { openStore } from './open-store.ts';
import { stopSignal } from './stop-signal.ts';

/** Made by `npm run build`. A worker that made its own bundle would start 3 s later. */
const bundle = fileURLToPath(new URL('../../workflow-bundle.js', import.meta.url));

/**
 * Runs workflows and activities, and starts runs, until a signal comes.
 * @returns the exit code.
 * @throws Error when the workflow bundle is missing. KeyRingError when the keys do not fit.
 */
export async function worker(config: Config): Promise<number> {
  if (!existsSync(bundle)) throw new Error(`${bundle} is missing: run npm run build`);
  const log = createLogger({ role: 'worker', level: config.logLevel });
  const stopped = stopSignal();
  const ring = loadKeyRing(config);
  const sql = connect(config.databaseUrl, { name: 'carillon-worker-start', max: 1, statementTimeoutMs: 10_000 });
  const isOpen = await openStore(sql, ring, log, stopped);
  await sql.end({ timeout: 5 });
  if (!isOpen) return 0;
  const running = await runWorker({ config, ring, log, workflowBundle: { codePath: bundle } });
  log.info({ signal: await stopped }, 'worker: finishing what is being sent');
  await running.stop();
  return 0;
}
