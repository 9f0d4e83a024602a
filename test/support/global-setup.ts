import { publishPostgres, startPostgres } from './postgres.ts';
import { publishTemporal, startTemporal } from './temporal.ts';
import { publishTestFolder } from './test-folder.ts';
import { createTestHome, removeAbandonedHomes, type TestHome } from './test-servers.ts';

declare global {
  /** The home that global-setup makes for global-teardown. Jest gives them no other way to share it. */
  // eslint-disable-next-line no-var
  var carillonTestHome: TestHome | undefined;
}

/** One PostgreSQL and one Temporal for all test files of a run. */
export default async function globalSetup(): Promise<void> {
  await removeAbandonedHomes();
  publishTestFolder();
  const home = await createTestHome();
  globalThis.carillonTestHome = home;
  // Jest runs no teardown when it is interrupted.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => void home.remove().finally(() => process.exit(1)));
  try {
    const [postgres, temporal] = await Promise.all([
      startPostgres(home.home, home.supervisor),
      startTemporal(home.home, home.supervisor),
    ]);
    publishPostgres(postgres);
    publishTemporal(temporal);
  } catch (error) {
    await home.remove();
    throw error;
  }
}
