import './global-setup.ts';

/** Ends what global-setup began, data included. */
export default async function globalTeardown(): Promise<void> {
  await globalThis.carillonTestHome?.remove();
}
