import type { Dispatcher } from 'undici';
import type { HttpOpenInit, HttpStream } from '../contract/http.ts';
import { HttpError, httpError, httpErrorCode } from './error.ts';

/**
 * Makes one GET and passes the answer on as it arrives; it is read no faster than the caller consumes it. A download
 * changes nothing, so `written` is always false here, and a stop of the process ends the download at any time.
 * @param request its `timeoutMs` covers the whole answer, to the last byte.
 * @throws HttpError
 */
export async function openStream(agent: Dispatcher, url: URL, request: HttpOpenInit): Promise<HttpStream> {
  const late = AbortSignal.timeout(request.timeoutMs);
  const signal = AbortSignal.any([request.signal, late]);
  const failed = (error: unknown): HttpError => {
    if (error instanceof HttpError) return error;
    if (late.aborted) return httpError('timeout', false, url.host);
    return request.signal.aborted
      ? httpError('stopped', false, url.host)
      : httpError(httpErrorCode(error), false, url.host, error);
  };
  const asked = { origin: url.origin, path: url.pathname + url.search, headers: request.headers, signal };
  try {
    const answer = await agent.request({ ...asked, method: 'GET', headersTimeout: 0, bodyTimeout: 0 });
    const drop = (): void => {
      answer.body.on('error', () => undefined).destroy();
    };
    async function* bytes(): AsyncGenerator<Buffer> {
      try {
        for await (const chunk of answer.body) yield chunk as Buffer;
      } catch (error) {
        throw failed(error);
      } finally {
        drop();
      }
    }
    return { status: answer.statusCode, headers: answer.headers, bytes: bytes(), drop };
  } catch (error) {
    throw failed(error);
  }
}
