import './global-setup.ts';

/** Stops the servers that global-setup started, and deletes their data. */
export default async function globalTeardown(): Promise<void> {
  await globalThis.carillonTestHome?.remove();
}
