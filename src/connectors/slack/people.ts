import { SendFailure } from '../../domain/failure.ts';
import type { People, Person } from '../contract/connector.ts';
import type { LookUpContext, Target } from '../contract/context.ts';
import { textAt } from '../http/json-path.ts';
import { callSlack, type SlackAnswer } from './api.ts';

/** Looks up people (docs.slack.dev, users.info and users.lookupByEmail; OAuth scopes users:read, users:read.email). */
export const people: People = {
  byId: (id, connection, context) => look('users.info', { user: id }, connection, context),
  byEmail: (email, connection, context) => look('users.lookupByEmail', { email }, connection, context),
};

async function look(
  method: string,
  parameters: Record<string, string>,
  connection: Target['connection'],
  context: LookUpContext,
): Promise<Person | undefined> {
  try {
    const { answer } = await callSlack(method, new URLSearchParams(parameters).toString(), connection, context);
    return toPerson(answer['user']);
  } catch (error) {
    if (error instanceof SendFailure && /^(?:slack_)?users?_not_(?:found|visible)$/.test(error.code)) return undefined;
    throw error;
  }
}

function toPerson(user: SlackAnswer[string]): Person | undefined {
  const id = textAt(user, 'id');
  if (id === undefined) return undefined;
  const name = textAt(user, 'profile', 'display_name') ?? textAt(user, 'real_name') ?? textAt(user, 'name');
  const [email, avatarUrl] = [textAt(user, 'profile', 'email'), textAt(user, 'profile', 'image_192')];
  return {
    id,
    ...(name === undefined ? {} : { name }),
    ...(email === undefined ? {} : { email }),
    ...(avatarUrl === undefined ? {} : { avatarUrl }),
  };
}
