// `node test/rollout/worker.mjs <bundle>`: a worker of this build that runs the workflows of another build.
import { readConfig } from '../../dist/src/config.js';
import { loadKeyRing } from '../../dist/src/keys.js';
import { createLogger } from '../../dist/src/observability/logger.js';
import { stopSignal } from '../../dist/src/roles/stop-signal.js';
import { runWorker } from '../../dist/src/worker/run.js';

const config = readConfig();
const stopped = stopSignal();
const running = await runWorker({
  config,
  ring: loadKeyRing(config),
  log: createLogger({ role: 'worker', level: config.logLevel }),
  workflowBundle: { codePath: process.argv[2] },
});
await stopped;
await running.stop();
process.exit(0);
