import { SendFailure } from '../../domain/failure.ts';
import type { People, Person } from '../contract/connector.ts';
import type { LookUpContext, Target } from '../contract/context.ts';
import { listAt, textAt } from '../http/json-path.ts';
import { baseUrlOf, callWebex, tokenOf } from './api.ts';

/**
 * An account's id never changes, but the operator may give the connection another token. The answer is therefore cached
 * for one hour only.
 */
const ownIdSeconds = 3_600;

/**
 * Looks up people (developer.webex.com, People API). Only people of the token's own organization are shown completely.
 */
export const people: People = {
  async byId(id, connection, context) {
    try {
      const path = `people/${encodeURIComponent(id)}`;
      const { json } = await callWebex({ method: 'GET', path, about: 'look-up' }, connection, context);
      return toPerson(json);
    } catch (error) {
      // Webex answers 400 for an id of another form than its own.
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

/** The account to which a token belongs. */
export interface Own {
  readonly id: string;
  /**
   * In rooms with several people, Webex shows a bot only the messages that mention it (developer.webex.com, "Bots").
   */
  readonly isBot: boolean;
}

/**
 * Returns the account to which the connection's token belongs. The answer is cached together with the access tokens.
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
