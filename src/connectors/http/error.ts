import { errors } from 'undici';
import { SendFailure, type FailureKind } from '../../domain/failure.ts';

/** What went wrong below HTTP. These codes are stored as reasons, so they must never change. */
export type HttpErrorCode =
  | 'timeout'
  | 'connection_refused'
  | 'connection_reset'
  | 'dns_failure'
  | 'unreachable'
  | 'tls_error'
  | 'egress_denied'
  | 'bad_response'
  | 'invalid_request'
  | 'network_error'
  | 'stopped';

/**
 * No complete answer came. The message names at most the host, because paths, queries, headers and bodies may contain
 * secrets.
 */
export class HttpError extends Error {
  override name = 'HttpError';
  readonly code: HttpErrorCode;
  /** False only if it is proven that no byte of the request was handed to a socket. */
  readonly written: boolean;

  constructor(code: HttpErrorCode, written: boolean, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.written = written;
  }
}

const codes: Readonly<Record<string, HttpErrorCode>> = {
  EGRESS_DENIED: 'egress_denied',
  ENOTFOUND: 'dns_failure',
  ENODATA: 'dns_failure',
  EAI_AGAIN: 'dns_failure',
  EAI_FAIL: 'dns_failure',
  EAI_NODATA: 'dns_failure',
  EAI_NONAME: 'dns_failure',
  ECONNREFUSED: 'connection_refused',
  ECONNRESET: 'connection_reset',
  ECONNABORTED: 'connection_reset',
  EPIPE: 'connection_reset',
  UND_ERR_SOCKET: 'connection_reset',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  EPROTO: 'tls_error',
  UND_ERR_HEADERS_OVERFLOW: 'bad_response',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'bad_response',
  UND_ERR_INVALID_ARG: 'invalid_request',
};
/**
 * The names that OpenSSL and Node give to refused certificates and failed handshakes (node:tls, "X509 certificate error
 * codes").
 */
const tlsCode =
  /^(?:ERR_TLS|ERR_SSL|CERT|CRL|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|HOSTNAME|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH)/;

const texts: Record<HttpErrorCode, string> = {
  timeout: 'did not answer in time',
  connection_refused: 'refused the connection',
  connection_reset: 'closed the connection before it had answered',
  dns_failure: 'could not be resolved',
  unreachable: 'cannot be reached from here',
  tls_error: 'failed the TLS handshake',
  egress_denied: 'lies outside of what deliveries may reach (CARILLON_EGRESS_ALLOW)',
  bad_response: 'answered something that is not HTTP',
  invalid_request: 'cannot be asked this: a header or the URL is not valid',
  network_error: 'could not be asked: the network failed',
  stopped: 'was not asked, because this process is stopping',
};

/** Maps an error of undici, of Node or of our own to a code. */
export function httpErrorCode(error: unknown): HttpErrorCode {
  if (typeof error !== 'object' || error === null) return 'network_error';
  if (error instanceof errors.HTTPParserError) return 'bad_response';
  // If a host has several addresses, Node reports all errors in an AggregateError, which has no code if they differ.
  const { code } = error as { code?: unknown };
  if (code === undefined && error instanceof AggregateError) return httpErrorCode(error.errors[0]);
  if (typeof code !== 'string') return 'network_error';
  if (tlsCode.test(code)) return 'tls_error';
  return codes[code] ?? 'network_error';
}

/** @param host host and port of the request, without user, path or query. */
export function httpError(code: HttpErrorCode, written: boolean, host: string, cause?: unknown): HttpError {
  const late = code === 'timeout' && !written ? 'did not accept a connection in time' : texts[code];
  // A parser error contains the bytes that it could not read, and a receiver may have sent our secrets back in them.
  const safe = cause instanceof errors.HTTPParserError ? undefined : cause;
  return new HttpError(code, written, `${host} ${late}`, safe);
}

/**
 * What a fault below HTTP means for a delivery: ambiguous if the request was written, otherwise proven not taken. This
 * is the same for all platforms. `tls_error` is transient, because the receiver can renew an expired certificate.
 * @param error whatever `Http.request` threw. Anything but an HttpError is returned unchanged.
 */
export function sendFailureOf(error: unknown): unknown {
  if (!(error instanceof HttpError)) return error;
  return new SendFailure({ kind: kindOf(error), code: error.code, message: error.message, cause: error });
}

function kindOf(error: HttpError): FailureKind {
  if (error.written) return 'ambiguous';
  if (error.code === 'stopped') return 'stopped';
  return error.code === 'egress_denied' || error.code === 'invalid_request' ? 'permanent' : 'transient';
}
