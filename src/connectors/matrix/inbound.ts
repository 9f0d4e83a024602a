import { isSignedBy, readHookJson } from '../inbound/verify.ts';
import { at, listAt } from '../http/json-path.ts';
import type { HookAnswer, HookRequest, Inbound, Received } from '../contract/inbound.ts';
import type { HookConnection } from '../contract/context.ts';
import { history } from './history.ts';
import { checkEdit } from './check-edit.ts';
import { openFile } from './files.ts';
import { readEvent } from './inbound-event.ts';
import { linkKey } from './native-id.ts';

/** The homeserver repeats a transaction without end until it is answered with 200, and sends nothing else meanwhile. */
export const inbound: Inbound = {
  receive,
  // A hundred events of at most 65 536 bytes each (client-server API, "Size limits"; Synapse).
  maxBodyBytes: 8 * 1_024 * 1_024,
  unavailable: { status: 503, body: { errcode: 'M_UNKNOWN', error: 'not stored' } },
  roomOf: ({ room }) => (typeof room === 'string' ? room : undefined),
  linkKey,
  fetch: checkEdit,
  history,
  openFile,
};

const ok = { status: 200, body: {} } as const;

/**
 * Handles the calls of the application service API ("Pushing events", "Querying" and "Pinging"). Older homeservers call
 * them without the prefix.
 */
function receive(request: HookRequest, connection: HookConnection): Received {
  const refusal = verify(request, connection);
  if (refusal !== undefined) return refusal;
  const [, what, rest] =
    /^(?:\/_matrix\/app\/(?:v1|unstable))?\/(transactions|users|rooms|ping)(\/.*)?$/.exec(request.path) ?? [];
  switch (what) {
    case 'transactions':
      return request.method === 'PUT' && rest !== undefined
        ? readTransaction(request, connection)
        : answered(unknownCall);
    case 'ping':
      return answered(request.method === 'POST' ? ok : unknownCall);
    // Carillon creates ghosts when they speak, and never creates rooms.
    case 'users':
    case 'rooms':
      return answered({ status: 404, body: { errcode: 'M_NOT_FOUND', error: 'not made on demand' } });
    default:
      return answered(unknownCall);
  }
}

const unknownCall: HookAnswer = { status: 404, body: { errcode: 'M_UNRECOGNIZED', error: 'no such call' } };
const answered = (answer: HookAnswer): Received => ({ kind: 'answered', answer });

/**
 * Reads a transaction. An event that cannot be read must not fail the transaction, because the homeserver would repeat
 * it without end and send nothing else.
 */
function readTransaction(request: HookRequest, connection: HookConnection): Received {
  const read = readHookJson(request);
  if ('not' in read) return read.not;
  const events = at(read.json, 'events');
  if (events !== undefined && events !== null && !Array.isArray(events))
    return { kind: 'unreadable', answer: ok, message: 'the transaction holds no list of events' };
  return {
    kind: 'events',
    events: listAt(read.json, 'events').map((event) => readEvent(event, connection)),
    answer: ok,
  };
}

/**
 * Checks the token in the `Authorization` header, or in the query as homeservers before version 1.4 of the
 * specification send it.
 */
function verify({ headers, query }: HookRequest, { settings }: HookConnection): Received | undefined {
  const given = /^Bearer +(\S+)$/i.exec(headers['authorization'] ?? '')?.[1] ?? query.get('access_token');
  if (given === null || given === '') return refused('missing_signature', 'the request has no hs_token');
  const tokens = (settings['hsTokens'] ?? []) as readonly string[];
  return isSignedBy(given, tokens, (token) => token) ? undefined : refused('bad_signature', 'the hs_token is another');
}

function refused(code: 'missing_signature' | 'bad_signature', message: string): Received {
  const answer = { status: 403, body: { errcode: 'M_FORBIDDEN', error: 'the token is not known here' } };
  return { kind: 'refused', answer, code, message };
}
