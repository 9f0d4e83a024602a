import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { HttpRequest, HttpResponse } from '../contract/http.ts';
import { httpError, httpErrorCode, type HttpErrorCode } from './error.ts';

type Head = Pick<HttpResponse, 'status' | 'headers'>;

/**
 * Makes one request and proves whether any of it was written. undici calls `onRequestStart` directly before it hands
 * the first byte to a connected socket (client-h1.js, writeH1), so a request that fails without that call was not
 * written. A request on a stale keep-alive socket has had the call and counts as written.
 * @throws HttpError if no status line came. After a status line the answer counts, even if its body was cut off.
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
    // A request that is written runs to its end, because knowing its outcome is worth more than stopping some seconds
    // earlier.
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
        // The timer above is the only limit of the whole exchange.
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      {
        onRequestStart(started) {
          // A second start means that undici writes the request again on its own initiative. A late start comes after
          // we gave up.
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
