import { SendFailure } from '../../domain/failure.ts';
import type { Author, Outgoing, SendContext } from '../contract/connector.ts';
import type { LookUpContext, Target } from '../contract/context.ts';
import { authorLine } from '../text/author.ts';
import { readText } from '../contract/fields.ts';
import { lookUp, path } from './api.ts';
import { botOf, ghostOf, localpartOf } from './mark.ts';
import { homeserverOf, matrixSettings } from './settings.ts';

/** The Matrix user as whom a message is sent. */
export interface Speaker {
  /** The user's id. */
  readonly user: string;
  /** True if the room or the homeserver refused the author's ghost, so that the bot speaks for the author. */
  readonly isStandIn: boolean;
}

/**
 * How long a user is assumed to be in a room after joining it. If the user is removed earlier, the homeserver refuses a
 * message, and that reveals it.
 */
const joinedSeconds = 3_600;
/** How long the bot speaks for an author whose ghost was refused, until the ghost is tried again. */
const standInSeconds = 600;
/** Some homeservers refuse longer names (Synapse, `MAX_DISPLAYNAME_LEN`). */
const maxName = 256;

/**
 * Chooses the user who speaks and makes sure that they are in the room: the author's ghost if there is an author, else
 * the bot. Registering, naming and joining can be repeated without harm; they are done once an hour.
 * @throws SendFailure of any kind but `ambiguous`. If the ghost is refused, the bot speaks instead.
 */
export async function speakerFor(outgoing: Outgoing, room: string, context: SendContext): Promise<Speaker> {
  const { connection, author, message } = outgoing;
  const { settings } = connection;
  const native = message.sender?.native;
  const wantsGhost = readText(matrixSettings, settings, 'authors') === 'ghost';
  const bot = await enter(room, connection, context);
  if (author === undefined || native === undefined || !wantsGhost) return { user: bot, isStandIn: false };
  const ghost = ghostOf(native, settings);
  const user = await kept(connection, room, [ghost, authorLine(author)], context, async () => {
    const isIn = await invited(ghost, author, room, connection, context);
    return isIn ? ghost : bot;
  });
  return { user, isStandIn: user !== ghost };
}

/**
 * Makes the bot join the room if it did not do so within the last hour. Only members can read a room.
 * @returns the bot's user id.
 * @throws SendFailure of any kind but `ambiguous`.
 */
export async function enter(room: string, connection: Target['connection'], context: LookUpContext): Promise<string> {
  const bot = botOf(connection.settings);
  return kept(connection, room, [bot], context, async () => {
    await join(room, undefined, connection, context);
    return bot;
  });
}

/** Discards what is cached about this user in the room, after the homeserver refused a message of theirs. */
export function forgetSpeaker(user: string, room: string, { tokens }: SendContext): void {
  tokens.drop(`${user} ${room}`);
}

/**
 * Caches the result in this process together with the access tokens. Concurrent callers share a single call of `work`.
 */
async function kept(
  { settings }: Target['connection'],
  room: string,
  who: readonly [user: string, name?: string],
  { tokens }: LookUpContext,
  work: () => Promise<string>,
): Promise<string> {
  const credentials = ['matrix speaker', homeserverOf(settings), readText(matrixSettings, settings, 'asToken'), room];
  const token = await tokens.get([...credentials, ...who.map((one) => one ?? '')], async () => {
    const user = await work();
    return { token: `${user} ${room}`, expiresInSeconds: user === who[0] ? joinedSeconds : standInSeconds };
  });
  return token.slice(0, token.indexOf(' '));
}

/** @returns whether the ghost is in the room, with the author's name. */
async function invited(
  ghost: string,
  author: Author,
  room: string,
  connection: Target['connection'],
  context: SendContext,
): Promise<boolean> {
  try {
    await register(ghost, connection, context);
    const displayname = authorLine(author).slice(0, maxName);
    const name = {
      method: 'PUT',
      path: path`/v3/profile/${ghost}/displayname`,
      body: { displayname },
      as: ghost,
    } as const;
    await lookUp(name, connection, context);
    try {
      await join(room, ghost, connection, context);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const invitation = { method: 'POST', path: path`/v3/rooms/${room}/invite`, body: { user_id: ghost } } as const;
      await lookUp(invitation, connection, context);
      await join(room, ghost, connection, context);
    }
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

/**
 * Registers the ghost (application service API, "Server admin style permissions"). A ghost that already exists is fine.
 */
async function register(ghost: string, connection: Target['connection'], context: SendContext): Promise<void> {
  const body = { type: 'm.login.application_service', username: localpartOf(ghost), inhibit_login: true };
  try {
    await lookUp({ method: 'POST', path: path`/v3/register`, body }, connection, context);
  } catch (error) {
    if (!(error instanceof SendFailure) || error.code !== 'matrix_user_in_use') throw error;
  }
}

/** @param as the user who joins; undefined for the bot. */
export async function join(
  room: string,
  as: string | undefined,
  connection: Target['connection'],
  context: LookUpContext,
): Promise<void> {
  await lookUp({ method: 'POST', path: path`/v3/join/${room}`, body: {}, ...(as && { as }) }, connection, context);
}

/** Whether the homeserver refused this user, and not the whole application service. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof SendFailure &&
    error.kind === 'permanent' &&
    /^matrix_(?:forbidden|exclusive|user_deactivated|user_suspended|user_locked|invalid_username|unknown)$/.test(
      error.code,
    )
  );
}
