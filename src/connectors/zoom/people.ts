import { SendFailure } from '../../domain/failure.ts';
import type { People, Person } from '../contract/connector.ts';
import type { LookUpContext, Target } from '../contract/context.ts';
import { asLookUp } from '../http/restated.ts';
import { textAt } from '../http/json-path.ts';
import { callZoom } from './api.ts';

/** `GET /users/{id or e-mail address}` of the account (scope `user:read:user:admin`); it knows people of no other. */
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
    // A name is all that is lost: whoever cannot be looked up is named as text.
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
