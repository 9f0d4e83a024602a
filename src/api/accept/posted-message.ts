import type { FastifyRequest } from 'fastify';
import { messageIdPattern } from '../../domain/ids.ts';
import { chosenTimes } from '../../domain/message.ts';
import { invalidInput, Problem, type InputError } from '../errors.ts';
import { isCloudEvent, readCloudEvent } from './cloud-event.ts';
import { instantRange, readInstant } from '../http/instant.ts';
import { findPlanned } from '../http/not-yet-supported.ts';
import { keyPattern, plannedMessageFields, postMessageSchema, type PostMessage } from '../schemas/message.ts';
import { errorFinder } from '../http/validation.ts';

/** A posted message that passed all checks without a database, and its idempotency key. */
export interface PostedMessage {
  readonly body: PostMessage;
  /** Separates the keys of different kinds of senders. The same key in another scope belongs to another message. */
  readonly dedupeScope: string;
  /** Undefined when the sender gave no key. Each such request is a new message. */
  readonly key: string | undefined;
  /** Translates a path in `body` to the path or header where the sender wrote the value. */
  readonly locate: (path: string) => string;
}

/** A message that is scheduled further ahead is probably a mistake. */
const longestAheadMs = 366 * 86_400_000;

const findErrors = errorFinder(postMessageSchema);
const isKey = new RegExp(keyPattern);
const keyHeader = 'Idempotency-Key';

/**
 * Reads the request of a new message, either JSON or a CloudEvent, and makes every check that needs no database.
 * @throws Problem 400 or 422.
 */
export function readPostedMessage(request: FastifyRequest): PostedMessage {
  const headerKey = readKeyHeader(request);
  if (isCloudEvent(request)) {
    const { body, key, locate } = readCloudEvent(request);
    const errors = findBodyErrors(body);
    if (headerKey !== undefined && headerKey !== key) errors.push(differentKeys('/id'));
    if (errors.length > 0) throw invalidInput(errors.map((error) => ({ ...error, path: locate(error.path) })));
    return { body: body as PostMessage, dedupeScope: 'api:cloudevents', key, locate };
  }
  if (request.body === undefined) throw new Problem('invalid_json', 'The body is empty. Send JSON.');
  const errors = findBodyErrors(request.body);
  if (errors.length > 0) throw invalidInput(errors);
  const { id, ...body } = request.body as PostMessage;
  if (headerKey !== undefined && id !== undefined && headerKey !== id) throw invalidInput([differentKeys('/id')]);
  return { body, dedupeScope: 'api', key: headerKey ?? id, locate: (path) => path };
}

function differentKeys(path: string): InputError {
  return { path, code: 'different_keys', message: `differs from the key in ${keyHeader}` };
}

/**
 * The Idempotency-Key header of a request; undefined without one.
 * @throws Problem 422 when the key is not valid, or the header appears twice.
 */
export function readKeyHeader(request: FastifyRequest): string | undefined {
  const [key, ...more] = request.raw.headersDistinct[keyHeader.toLowerCase()] ?? [];
  if (more.length > 0) throw invalidInput([{ path: keyHeader, code: 'duplicate_key', message: 'appears twice' }]);
  if (key !== undefined && !isKey.test(key)) {
    const message = 'must be 1 to 255 printable ASCII characters';
    throw invalidInput([{ path: keyHeader, code: 'pattern', message }]);
  }
  return key;
}

/** Finds all mistakes in a body. Unsupported fields are reported alone, since the rest may only be valid with them. */
function findBodyErrors(body: unknown): InputError[] {
  const planned = findPlanned(body, plannedMessageFields);
  if (planned.length > 0) return planned;
  const errors = findErrors(body);
  return errors.length > 0 ? errors : findMeaningErrors(body as PostMessage);
}

/** Makes the checks that a JSON schema cannot express well. */
function findMeaningErrors({ text, content, type, thread, ...times }: PostMessage): InputError[] {
  const errors: InputError[] = [];
  if (text === undefined && content === undefined)
    errors.push({ path: '/text', code: 'required', message: 'is required unless content is given' });
  if (text !== undefined && content !== undefined)
    errors.push({ path: '/content', code: 'invalid_value', message: 'and text must not both be given' });
  if (content !== undefined && content.text === undefined && content.attachments === undefined)
    errors.push({ path: '/content/text', code: 'required', message: 'is required unless attachments are given' });
  if (type?.startsWith('carillon.') === true)
    errors.push({
      path: '/type',
      code: 'invalid_value',
      message: 'must not begin with "carillon.", which is reserved',
    });
  if (type !== undefined && /^(?:message\.(?:edited|deleted)|reaction\..*)$/.test(type))
    errors.push({ path: '/type', code: 'not_yet_supported', message: 'is not supported yet' });
  for (const key of chosenTimes) {
    const value = times[key];
    if (value !== undefined && readInstant(value) === undefined)
      errors.push({ path: `/${key}`, code: 'invalid_value', message: instantRange });
  }
  const { sendAt, expiresAt } = times;
  if (sendAt !== undefined && Date.parse(sendAt) > Date.now() + longestAheadMs)
    errors.push({ path: '/sendAt', code: 'invalid_value', message: 'must be within a year' });
  // Do not require that it is in the future: a repetition of the same request must still find its first message later.
  if (expiresAt !== undefined && sendAt !== undefined && Date.parse(expiresAt) <= Date.parse(sendAt))
    errors.push({ path: '/expiresAt', code: 'invalid_value', message: 'must be after sendAt' });
  if (thread !== undefined && !messageIdPattern.test(thread))
    errors.push({ path: '/thread', code: 'invalid_value', message: 'must be the id of a message: msg_…' });
  return errors;
}
