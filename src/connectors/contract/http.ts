export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | HttpBody;
  /** For the whole exchange: connect, write, headers and body. */
  readonly timeoutMs: number;
  /** Stops a request that is not yet written; a written one runs to its answer or its time-out. */
  readonly signal: AbortSignal;
  /** Of the answer's body; what comes after it is not read and the connection is dropped. */
  readonly maxResponseBytes: number;
}

/** A body that is written as it is read, so that it never lies in memory as a whole. */
export interface HttpBody {
  /** Exactly as many bytes as come. */
  readonly size: number;
  /** Called for each request anew. */
  open(): AsyncIterable<Uint8Array>;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** False where the body was longer than `maxResponseBytes`, or broke off, or did not end in time. */
  readonly complete: boolean;
}

/** An answer whose body is read as it comes. Whoever does not read it to its end must leave its loop, or call `drop`. */
export interface HttpStream extends Pick<HttpResponse, 'status' | 'headers'> {
  /** @throws HttpError where it breaks off, and where its time is over. */
  readonly bytes: AsyncIterable<Buffer>;
  /** Gives up what was not read. */
  drop(): void;
}

/** The only way out of this process for a connector. */
export interface Http {
  /**
   * Any status is an answer; redirects are not followed.
   * @throws HttpError where there is none; `written` says whether the platform may have the request.
   */
  request(request: HttpRequestInit): Promise<HttpResponse>;
  /**
   * A GET whose answer may be large. Redirects are not followed here either.
   * @throws HttpError where no answer began.
   */
  open(request: HttpOpenInit): Promise<HttpStream>;
}

export type HttpOpenInit = Pick<HttpRequest, 'url' | 'headers' | 'timeoutMs' | 'signal'>;

export type HttpRequestInit = Omit<HttpRequest, 'maxResponseBytes'> & { readonly maxResponseBytes?: number };
