import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { invalidInput, Problem } from '../errors.ts';
import { JsonSyntaxError, parseStrictJson } from './strict-json.ts';

/** Design §5: the largest body. */
export const bodyLimit = 1024 * 1024;

/**
 * Reads bodies of these content types as strict JSON; every other type is a 415. Replaces Fastify's own parsers, which
 * take `text/plain` and refuse an empty body that a command may well have.
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
    // RFC 8259 §8.1 lets a reader ignore a byte order mark.
    const { value, errors } = parseStrictJson(text.startsWith('\ufeff') ? text.slice(1) : text);
    if (errors.length > 0) throw invalidInput(errors);
    return value;
  } catch (error) {
    if (error instanceof JsonSyntaxError)
      throw new Problem('invalid_json', `The body is not JSON: ${error.message}.`, { cause: error });
    throw error;
  }
}

/** For routes that need a body: none at all is no JSON either. */
export async function requireBody(request: FastifyRequest): Promise<void> {
  if (request.body === undefined) throw new Problem('invalid_json', 'The body is empty; JSON is wanted.');
}
