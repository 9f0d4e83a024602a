import type { ConnectionOptions } from 'node:tls';
import { Agent } from 'undici';
import type { Egress } from './egress.ts';
import { guardedConnector } from './egress.ts';
import { exchange } from './exchange.ts';
import { httpError } from './error.ts';
import { openStream } from './stream.ts';
import type { Http } from '../contract/http.ts';

export interface HttpClient extends Http {
  /** Drops all connections; requests under way fail. Idempotent. */
  close(): Promise<void>;
}

export interface HttpOptions {
  readonly egress: Egress;
  /** Limit for one connection attempt, in milliseconds. Each request's own time-out applies as well. */
  readonly connectTimeoutMs?: number;
  /** Certificates to trust in addition to the system's. */
  readonly ca?: ConnectionOptions['ca'];
}

const defaultMaxResponseBytes = 64 * 1_024;

/** Creates the HTTP client that all connectors of this process share. It keeps connections alive between requests. */
export function createHttp({ egress, connectTimeoutMs = 10_000, ca }: HttpOptions): HttpClient {
  const agent = new Agent({
    connect: guardedConnector(egress, { timeout: connectTimeoutMs, ...(ca === undefined ? {} : { ca }) }),
    // Many servers drop idle connections after 5 s. Writing to a connection that was just dropped is ambiguous, so ours
    // are closed earlier.
    keepAliveTimeout: 3_000,
    keepAliveMaxTimeout: 30_000,
    allowH2: false,
    pipelining: 1,
  });
  let closed: Promise<void> | undefined;
  return {
    async request(request) {
      return exchange(agent, parseUrl(request.url), { maxResponseBytes: defaultMaxResponseBytes, ...request });
    },
    async open(request) {
      return openStream(agent, parseUrl(request.url), request);
    },
    close: () => (closed ??= agent.destroy()),
  };
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw httpError('invalid_request', false, 'the receiver');
  return url;
}
