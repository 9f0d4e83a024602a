import { cpSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArgumentError, readSoakArguments } from './arguments.ts';
import { report } from './report.ts';
import { openRig } from './rig.ts';
import { soak } from './soak.ts';

/**
 * Runs a soak. Prints its faults, the table of results and the path of the JSON file.
 * @returns the exit code: 0, or 1 when a promise was broken.
 */
async function main(args: readonly string[]): Promise<number> {
  const { json, ...given } = readSoakArguments(args, process.env);
  const begin = Date.now();
  const say = (line: string): void =>
    console.log(`${String(Math.round((Date.now() - begin) / 1_000)).padStart(4)} s  ${line}`);
  say(`seed ${given.seed} (SEED=${given.seed} npm run soak repeats it with the same options)`);
  // A signal that comes while the rig opens takes effect when the rig is open, because only then can it be removed.
  const stopped = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => reject(new Error(`stopped by ${signal}`)));
  });
  stopped.catch(() => undefined);
  const rig = await openRig({ temporal: given.temporal, say });
  const file = json ?? join(tmpdir(), `carillon-soak-${given.seed}.json`);
  const keepLogs = (): void => {
    const logs = `${file}.logs`;
    cpSync(rig.home, logs, { recursive: true, filter: (path) => !/\/(postgres-home|keys|temporal\.db.*)$/.test(path) });
    console.log(`logs of all processes: ${logs}`);
  };
  try {
    const soaking = soak(rig, { ...given, say });
    soaking.catch(() => undefined); // a rejection after `stopped` won the race is only a consequence of the stop
    const result = await Promise.race([soaking, stopped]);
    writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`);
    console.log(['', ...report(result), `written to ${file}`].join('\n'));
    if (result.offences.length === 0) return 0;
    keepLogs();
    return 1;
  } catch (error) {
    keepLogs();
    throw error;
  } finally {
    await rig.remove();
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof ArgumentError ? `soak: ${error.message}` : error);
  process.exitCode = error instanceof ArgumentError ? 2 : 1;
}
// Requests may still be open, but all processes that could answer them have ended.
process.exit();
