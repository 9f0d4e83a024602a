import type { AddressInfo } from 'node:net';
import { buildApi } from './app.ts';
import type { ApiDeps } from './deps.ts';

export interface ApiServer {
  /** `http://host:port`, with the actual port. */
  readonly url: string;
  /** Accepts no new connections and waits up to `closeWithinMs` for the requests under way. May be called twice. */
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 chooses a free port. */
  readonly port: number;
  /** How long requests under way may take after a close, in milliseconds. 10 s by default. */
  readonly closeWithinMs?: number;
}

const usualCloseMs = 10_000;

/**
 * Builds the API and listens.
 * @throws the system's error when the address is not available (`EADDRINUSE`, `EACCES`).
 */
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
      deps.logger.warn({ closeWithinMs }, 'some requests were still under way when the server closed and were cut off');
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
