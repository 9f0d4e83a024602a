import { SendFailure } from '../../domain/failure.ts';
import type { People, Person } from '../contract/connector.ts';
import type { LookUpContext, Target } from '../contract/context.ts';
import { asLookUp } from '../http/restated.ts';
import { textAt } from '../http/json-path.ts';
import { callZoom } from './api.ts';

/**
 * Looks up people with `GET /users/{id or e-mail address}` (OAuth scope `user:read:user:admin`). It knows only people
 * of our own account.
 */
export const people = { byId: look, byEmail: look } satisfies People;

async function look(
  user: string,
  connection: Target['connection'],
  context: LookUpContext,
): Promise<Person | undefined> {
  try {
    const path = `users/${encodeURIComponent(user)}`;
    const { json } = await callZoom({ method: 'GET', path, purpose: 'look-up' }, connection, context);
    return toPerson(json);
  } catch (error) {
    const failure = asLookUp(error);
    // A person who cannot be looked up is named in text, so only the mention's link is lost.
    if (failure instanceof SendFailure && failure.kind === 'permanent' && failure.status !== undefined)
      return undefined;
    throw failure;
  }
}

function toPerson(user: unknown): Person | undefined {
  const id = textAt(user, 'id');
  if (id === undefined) return undefined;
  const whole = [textAt(user, 'first_name'), textAt(user, 'last_name')].filter((part) => part !== undefined).join(' ');
  const name = textAt(user, 'display_name') ?? (whole === '' ? undefined : whole);
  const [email, avatarUrl] = [textAt(user, 'email'), textAt(user, 'pic_url')];
  return {
    id,
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
    ...(avatarUrl === undefined ? {} : { avatarUrl }),
  };
}
