import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { invalidInput, Problem } from '../errors.ts';
import { JsonSyntaxError, parseStrictJson } from './strict-json.ts';

/** The largest body, in bytes. */
export const bodyLimit = 1024 * 1024;

/**
 * Reads bodies of these content types as strict JSON; every other type gets a 415. This replaces Fastify's own parsers,
 * which accept `text/plain` and refuse an empty body. A command may have an empty body.
 */
export function acceptJson(app: FastifyInstance, contentTypes: readonly string[]): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser([...contentTypes], { parseAs: 'buffer', bodyLimit }, (_request, body, done) => {
    try {
      done(null, body.length === 0 ? undefined : readJson(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
}

function readJson(body: Buffer): unknown {
  if (!isUtf8(body)) throw new Problem('invalid_json', 'The body is not UTF-8.');
  const text = body.toString('utf8');
  try {
    // RFC 8259 §8.1 allows a parser to ignore a byte order mark.
    const { value, errors } = parseStrictJson(text.startsWith('\ufeff') ? text.slice(1) : text);
    if (errors.length > 0) throw invalidInput(errors);
    return value;
  } catch (error) {
    if (error instanceof JsonSyntaxError)
      throw new Problem('invalid_json', `The body is not JSON: ${error.message}.`, { cause: error });
    throw error;
  }
}

/**
 * For routes that require a body.
 * @throws Problem 400 when there is none.
 */
export async function requireBody(request: FastifyRequest): Promise<void> {
  if (request.body === undefined) throw new Problem('invalid_json', 'The body is empty. Send JSON.');
}
