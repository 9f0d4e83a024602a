export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | HttpBody;
  /** Limit for the whole exchange in milliseconds: connecting, writing, and reading the headers and the body. */
  readonly timeoutMs: number;
  /** Stops a request that is not yet written. A request that is written runs to its answer or its time-out. */
  readonly signal: AbortSignal;
  /** Limit for the body of the answer. Bytes beyond it are not read, and the connection is dropped. */
  readonly maxResponseBytes: number;
}

/** A body that is written while it is read, so that it is never in memory as a whole. */
export interface HttpBody {
  /** The exact number of bytes that `open` yields. */
  readonly size: number;
  /** Called once for each request. */
  open(): AsyncIterable<Uint8Array>;
}

export interface HttpResponse {
  readonly status: number;
  /** Header names are in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** False if the body was longer than `maxResponseBytes`, broke off, or did not end in time. */
  readonly complete: boolean;
}

/**
 * An answer whose body is read as it arrives. A caller that stops early must leave the `for await` loop or call `drop`.
 */
export interface HttpStream extends Pick<HttpResponse, 'status' | 'headers'> {
  /** @throws HttpError if the body breaks off or the time is over. */
  readonly bytes: AsyncIterable<Buffer>;
  /** Abandons the bytes that were not read. */
  drop(): void;
}

/** A connector's only way to make requests. */
export interface Http {
  /**
   * Returns the answer, whatever its status. Redirects are not followed.
   * @throws HttpError if there is no answer. Its `written` says whether the platform may have received the request.
   */
  request(request: HttpRequestInit): Promise<HttpResponse>;
  /**
   * Makes a GET whose answer may be large. Redirects are not followed.
   * @throws HttpError if no answer began.
   */
  open(request: HttpOpenInit): Promise<HttpStream>;
}

export type HttpOpenInit = Pick<HttpRequest, 'url' | 'headers' | 'timeoutMs' | 'signal'>;

export type HttpRequestInit = Omit<HttpRequest, 'maxResponseBytes'> & { readonly maxResponseBytes?: number };
