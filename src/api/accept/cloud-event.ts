import type { FastifyRequest } from 'fastify';
import { invalidInput, Problem, type InputError } from '../errors.ts';

/** The content type of a CloudEvent in structured mode. Batch mode has another type, which gets a 415. */
export const structuredType = 'application/cloudevents+json';

/** A CloudEvent 1.0, read as a message. */
export interface ReadCloudEvent {
  /** The message without `id`. It is not validated yet. */
  readonly body: unknown;
  /** The source and the id of the event, which together identify it. */
  readonly key: string;
  /** Translates a path in `body` to the path in the event, or to the name of the header, that the value came from. */
  readonly locate: (path: string) => string;
}

type Attributes = Record<string, unknown>;

const binaryMarks = ['ce-specversion', 'ce-id', 'ce-source', 'ce-type'];
const known = ['specversion', 'id', 'source', 'type', 'time', 'subject', 'datacontenttype', 'dataschema', 'data'];
const ofAttributes = ['source', 'type', 'occurredAt', 'dataVersion', 'id'];

export function isCloudEvent(request: FastifyRequest): boolean {
  return isStructured(request) || binaryMarks.some((name) => request.headers[name] !== undefined);
}

function isStructured({ headers }: FastifyRequest): boolean {
  return /^application\/cloudevents\+json\s*(;|$)/i.test(headers['content-type'] ?? '');
}

/**
 * Reads a CloudEvent as a message:
 * | event | message |
 * |---|---|
 * | `source` and `id` | the idempotency key, in a scope of its own |
 * | `type`, `source`, `time`, `dataschema` | `type`, `source`, `occurredAt`, `dataVersion` |
 * | `subject` | `conversation`, unless the data has one |
 * | extension attributes | labels, unless the data has a label of that name |
 * | `data` | all other fields of a posted message; if it is a string, the `text` |
 * @throws Problem 422 when the request is no valid CloudEvent 1.0; 400 when a binary-mode request has no body.
 */
export function readCloudEvent(request: FastifyRequest): ReadCloudEvent {
  const structured = isStructured(request);
  const { data, ...attributes } = structured ? structuredEvent(request.body) : binaryEvent(request);
  const at = (name: string): string => (structured ? `/${name}` : `ce-${name}`);
  const errors = findAttributeErrors(attributes, at);
  const isObject = typeof data === 'object' && data !== null && !Array.isArray(data);
  if (!isObject && typeof data !== 'string')
    errors.push({ path: structured ? '/data' : '', code: 'wrong_type', message: 'must be an object or a string' });
  const fields: Attributes = isObject ? (data as Attributes) : { text: data };
  for (const name of ofAttributes.filter((field) => Object.hasOwn(fields, field)))
    errors.push({
      path: `${structured ? '/data' : ''}/${name}`,
      code: 'unknown_field',
      message: 'must be an attribute of the event and not part of its data',
    });
  if (errors.length > 0) throw invalidInput(errors);

  const { type, source, time, dataschema, subject } = attributes;
  const extensions = Object.entries(attributes).filter(([name]) => !known.includes(name));
  const labels = {
    ...Object.fromEntries(extensions.map(([name, value]) => [name, String(value)])),
    ...labelsOf(fields),
  };
  const given = { occurredAt: time, dataVersion: dataschema, conversation: fields['conversation'] ?? subject };
  const body = {
    ...fields,
    type,
    source,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
  };
  const attributeOf: Record<string, string> = {
    '/type': 'type',
    '/source': 'source',
    '/occurredAt': 'time',
    '/dataVersion': 'dataschema',
    '/id': 'id',
    ...(fields['conversation'] === undefined ? { '/conversation': 'subject' } : {}),
    ...Object.fromEntries(extensions.map(([name]) => [`/labels/${name}`, name])),
  };
  const locate = (path: string): string => {
    const name = Object.hasOwn(attributeOf, path) ? attributeOf[path] : undefined;
    return name === undefined ? `${structured ? '/data' : ''}${path}` : at(name);
  };
  return { body, key: `${String(source)} ${String(attributes['id'])}`, locate };
}

function labelsOf({ labels }: Attributes): Attributes {
  return typeof labels === 'object' && labels !== null && !Array.isArray(labels) ? (labels as Attributes) : {};
}

function structuredEvent(body: unknown): Attributes {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw invalidInput([{ path: '', code: 'wrong_type', message: 'must be an object' }]);
  // The specification allows null for an attribute that is not set.
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}

/** In binary mode the attributes are headers, percent-encoded if not ASCII (HTTP protocol binding, §3.1.3.2). */
function binaryEvent({ headers, body }: FastifyRequest): Attributes {
  if (body === undefined) throw new Problem('invalid_json', 'The body is empty. Send JSON.');
  const attributes = Object.entries(headers)
    .filter(([name]) => name.startsWith('ce-'))
    .map(([name, value]) => [name.slice('ce-'.length), decodeHeader(name, String(value))]);
  return { ...Object.fromEntries(attributes), data: body };
}

function decodeHeader(name: string, value: string): string {
  try {
    const text = decodeURIComponent(value);
    if (!text.includes('\0')) return text;
  } catch {
    // The text is not valid percent-encoding. It gets the same answer as a text with NUL.
  }
  throw invalidInput([{ path: name, code: 'invalid_value', message: 'must be percent-encoded UTF-8 without NUL' }]);
}

function findAttributeErrors(attributes: Attributes, at: (name: string) => string): InputError[] {
  const errors: InputError[] = [];
  if (attributes['specversion'] !== '1.0')
    errors.push({ path: at('specversion'), code: 'invalid_value', message: 'must be "1.0"' });
  for (const name of ['id', 'source', 'type']) {
    if (typeof attributes[name] !== 'string' || attributes[name] === '')
      errors.push({ path: at(name), code: 'required', message: 'is required and must be a string' });
  }
  if (typeof attributes['id'] === 'string' && attributes['id'].length > 255)
    errors.push({ path: at('id'), code: 'too_long', message: 'must have at most 255 characters' });
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'data_base64')
      errors.push({ path: at(name), code: 'not_yet_supported', message: 'is not supported yet' });
    else if (!/^[a-z0-9]+$/.test(name) || !['string', 'number', 'boolean'].includes(typeof value))
      errors.push({ path: at(name), code: 'invalid_value', message: 'is not a valid attribute of a CloudEvent' });
  }
  return errors;
}
