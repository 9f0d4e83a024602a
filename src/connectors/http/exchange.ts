import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { HttpRequest, HttpResponse } from '../contract/http.ts';
import { httpError, httpErrorCode, type HttpErrorCode } from './error.ts';

type Head = Pick<HttpResponse, 'status' | 'headers'>;

/**
 * One request and its answer, with proof of whether anything was written: undici calls `onRequestStart` for a request
 * directly before it hands its first byte to a connected socket (client-h1.js, writeH1), never before a connection
 * exists, so what fails without that call was not written. A stale keep-alive socket has had the call and counts as
 * written.
 * @throws HttpError where no status line came. After one the answer counts, even when its body was cut off.
 */
export function exchange(agent: Dispatcher, url: URL, request: HttpRequest): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined;
    let head: Head | undefined;
    let settled = false;
    const chunks: Buffer[] = [];
    let size = 0;

    const settle = (complete: boolean, code: HttpErrorCode, cause?: unknown): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      request.signal.removeEventListener('abort', stop);
      if (head === undefined) reject(httpError(code, controller !== undefined, url.host, cause));
      else resolve({ ...head, text: Buffer.concat(chunks).toString('utf8'), complete });
    };
    const giveUp = (code: HttpErrorCode): void => {
      settle(false, code);
      controller?.abort(new Error(code));
    };
    // What is written runs to its end: knowing its outcome is worth more than stopping some seconds earlier.
    const stop = (): void => {
      if (controller === undefined) settle(false, 'stopped');
    };
    const timer = setTimeout(giveUp, request.timeoutMs, 'timeout');

    if (request.signal.aborted) {
      stop();
      return;
    }
    request.signal.addEventListener('abort', stop);
    const { headers, body } = request;
    const isStreamed = typeof body === 'object';
    agent.dispatch(
      {
        origin: url.origin,
        path: url.pathname + url.search,
        method: request.method,
        headers: isStreamed ? { ...headers, 'content-length': String(body.size) } : headers,
        body: isStreamed ? Readable.from(body.open(), { objectMode: false }) : (body ?? null),
        // One clock for the whole exchange: the timer above.
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      {
        onRequestStart(started) {
          // A second start would be undici writing the request again by itself; a late one comes after we gave up.
          if (settled || controller !== undefined) started.abort(new Error('not wanted any more'));
          else controller = started;
        },
        onResponseStart(_, status, headers) {
          if (status >= 200) head = { status, headers };
        },
        onResponseData(_, chunk) {
          chunks.push(chunk.subarray(0, request.maxResponseBytes - size));
          size += chunk.length;
          if (size > request.maxResponseBytes) giveUp('bad_response');
        },
        onResponseEnd: () => settle(true, 'bad_response'),
        onResponseError: (_, error) => settle(false, httpErrorCode(error), error),
      },
    );
  });
}
