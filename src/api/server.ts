import type { AddressInfo } from 'node:net';
import { buildApi } from './app.ts';
import type { ApiDeps } from './deps.ts';

export interface ApiServer {
  /** `http://host:port`, with the port that was really taken. */
  readonly url: string;
  /**
   * Takes no new connection and finishes the requests that are there, but waits for them only so long. May be called
   * twice.
   */
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Milliseconds that requests under way have at a close. */
  readonly closeWithinMs?: number;
}

const usualCloseMs = 10_000;

/** Listens. @throws the system's error where the address can't be had (`EADDRINUSE`, `EACCES`). */
export async function startApi(
  deps: ApiDeps,
  { host, port, closeWithinMs = usualCloseMs }: ListenOptions,
): Promise<ApiServer> {
  const app = buildApi(deps);
  await app.listen({ host, port });
  const { address, family, port: taken } = app.server.address() as AddressInfo;
  const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`;

  async function finish(): Promise<void> {
    const impatience = setTimeout(() => {
      deps.logger.warn({ closeWithinMs }, 'requests were still under way at the close and were cut');
      app.server.closeAllConnections();
    }, closeWithinMs);
    try {
      await app.close();
    } finally {
      clearTimeout(impatience);
    }
  }
  let closing: Promise<void> | undefined;
  return { url, close: () => (closing ??= finish()) };
}
