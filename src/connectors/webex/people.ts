import { SendFailure } from '../../domain/failure.ts';
import type { People, Person } from '../contract/connector.ts';
import type { LookUpContext, Target } from '../contract/context.ts';
import { listAt, textAt } from '../http/json-path.ts';
import { baseUrlOf, callWebex, tokenOf } from './api.ts';

/** An account's id never changes; asking once an hour is for the process that is handed another token. */
const ownIdSeconds = 3_600;

/** developer.webex.com, People API: only people of the token's own organization are shown in full. */
export const people: People = {
  async byId(id, connection, context) {
    try {
      const path = `people/${encodeURIComponent(id)}`;
      const { json } = await callWebex({ method: 'GET', path, about: 'look-up' }, connection, context);
      return toPerson(json);
    } catch (error) {
      // An id of another form than theirs is a 400.
      if (error instanceof SendFailure && (error.status === 404 || error.status === 400)) return undefined;
      throw error;
    }
  },
  async byEmail(email, connection, context) {
    const path = `people?email=${encodeURIComponent(email)}`;
    const { json } = await callWebex({ method: 'GET', path, about: 'look-up' }, connection, context);
    return toPerson(listAt(json, 'items')[0]);
  },
};

/** Whose a token is. */
export interface Own {
  readonly id: string;
  /** A bot is shown of rooms of several people only what mentions it (developer.webex.com, "Bots"). */
  readonly isBot: boolean;
}

/**
 * The account that the token is of. Kept beside the access tokens, since it belongs to one as they do to their
 * credentials.
 * @throws SendFailure `transient` or `permanent`.
 */
export async function ownAccount(connection: Target['connection'], context: LookUpContext): Promise<Own> {
  const { settings } = connection;
  const known = await context.tokens.get(['webex people/me', baseUrlOf(settings), tokenOf(settings)], async () => {
    const { json } = await callWebex({ method: 'GET', path: 'people/me', about: 'look-up' }, connection, context);
    const id = textAt(json, 'id');
    if (id === undefined)
      throw new SendFailure({ kind: 'transient', code: 'bad_response', message: 'Webex does not say who we are' });
    return { token: `${textAt(json, 'type') ?? 'person'} ${id}`, expiresInSeconds: ownIdSeconds };
  });
  const [type, id = ''] = known.split(' ');
  return { id, isBot: type === 'bot' };
}

function toPerson(person: unknown): Person | undefined {
  const id = textAt(person, 'id');
  if (id === undefined) return undefined;
  const [name, avatarUrl] = [textAt(person, 'displayName'), textAt(person, 'avatar')];
  const email = listAt(person, 'emails').find((one) => typeof one === 'string');
  return {
    id,
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
    ...(avatarUrl === undefined ? {} : { avatarUrl }),
  };
}
