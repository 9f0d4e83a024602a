import { SendFailure } from '../../domain/failure.ts';
import type { People, Person } from '../contract/connector.ts';
import type { LookUpContext, Target } from '../contract/context.ts';
import { readText } from '../contract/fields.ts';
import { listAt, textAt } from '../http/json-path.ts';
import { asLookUp } from '../http/restated.ts';
import { callTeams } from './api.ts';
import { teamsSettings } from './settings.ts';

const pageSize = 500;
/**
 * How long the ids of a roster are cached. A new member is known only by their directory id until then, and is not
 * mentioned.
 */
const rosterSeconds = 900;
/** A team has at most 25 000 members. */
const maxPages = 50;
const maxPageBytes = 2 * 1_024 * 1_024;

/**
 * Looks up people. A bot knows only the members of its conversations' rosters: one member by id, but by e-mail address
 * only all members, page by page (bot-docs, "API reference", Get Conversation Paged Members).
 */
export const people: People = { byId, byEmail };

type Connection = Target['connection'];

async function byId(id: string, connection: Connection, context: LookUpContext): Promise<Person | undefined> {
  const roster = connection.settings['roster'];
  if (typeof roster !== 'string') return undefined;
  try {
    return toPerson(await read(`${pathOf(roster)}/members/${encodeURIComponent(id)}`, connection, context));
  } catch (error) {
    // The person is not in the roster, or the id is of no person.
    if (error instanceof SendFailure && (error.status === 404 || error.status === 400)) return undefined;
    throw error;
  }
}

async function byEmail(email: string, connection: Connection, context: LookUpContext): Promise<Person | undefined> {
  const wanted = email.toLowerCase();
  for await (const member of members(connection, context)) {
    const addresses = [textAt(member, 'email'), textAt(member, 'userPrincipalName')];
    if (addresses.some((one) => one?.toLowerCase() === wanted)) return toPerson(member);
  }
  return undefined;
}

/**
 * Maps directory ids (`aadObjectId`) to ids at the bot connector. Empty without a roster, or if it may not be read.
 * @throws SendFailure transient.
 */
export async function idsByObject(connection: Connection, context: LookUpContext): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  try {
    for await (const member of members(connection, context)) {
      const [object, id] = [textAt(member, 'aadObjectId'), textAt(member, 'id')];
      if (object !== undefined && id !== undefined) ids.set(object, id);
    }
  } catch (error) {
    if (!(error instanceof SendFailure) || error.kind !== 'permanent') throw error;
  }
  return ids;
}

/** Like `idsByObject`, but cached together with the access tokens, because each message needs it. */
export async function knownIds(connection: Connection, context: LookUpContext): Promise<Map<string, string>> {
  const { roster, appId, serviceUrl } = connection.settings;
  if (typeof roster !== 'string') return new Map();
  const kept = await context.tokens.get(['msteams roster', String(serviceUrl), String(appId), roster], async () => ({
    token: JSON.stringify([...(await idsByObject(connection, context))]),
    expiresInSeconds: rosterSeconds,
  }));
  return new Map(JSON.parse(kept) as [string, string][]);
}

/** All members of the roster, page by page. */
async function* members(connection: Connection, context: LookUpContext): AsyncGenerator<unknown> {
  const roster = connection.settings['roster'];
  if (typeof roster !== 'string') return;
  let token: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const query = new URLSearchParams({ pageSize: String(pageSize), ...(token && { continuationToken: token }) });
    const answer = await read(`${pathOf(roster)}/pagedmembers?${query.toString()}`, connection, context);
    yield* listAt(answer, 'members');
    token = textAt(answer, 'continuationToken');
    if (token === undefined) return;
  }
  throw new SendFailure({
    kind: 'transient',
    code: 'look_up_unfinished',
    message: 'the roster was not read to its end',
  });
}

function pathOf(roster: string): string {
  return `v3/conversations/${encodeURIComponent(roster)}`;
}

async function read(path: string, { settings }: Connection, context: LookUpContext): Promise<unknown> {
  const serviceUrl = readText(teamsSettings, settings, 'serviceUrl');
  const rules = { action: 'create', maxResponseBytes: maxPageBytes } as const;
  try {
    return (await callTeams({ method: 'GET', path }, { serviceUrl, settings }, context, rules)).json;
  } catch (error) {
    throw asLookUp(error);
  }
}

function toPerson(member: unknown): Person | undefined {
  const id = textAt(member, 'id');
  if (id === undefined) return undefined;
  const [name, email] = [textAt(member, 'name'), textAt(member, 'email') ?? textAt(member, 'userPrincipalName')];
  return { id, ...(name === undefined ? {} : { name }), ...(email === undefined ? {} : { email }) };
}
