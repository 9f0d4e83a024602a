import { SendFailure } from '../../domain/failure.ts';
import type { Author, Outgoing, SendContext } from '../contract/connector.ts';
import type { LookUpContext, Target } from '../contract/context.ts';
import { authorLine } from '../text/author.ts';
import { readText } from '../contract/fields.ts';
import { lookUp, path } from './api.ts';
import { botOf, ghostOf, localpartOf } from './mark.ts';
import { homeserverOf, matrixSettings } from './settings.ts';

/** Who speaks. */
export interface Speaker {
  /** User id. */
  readonly user: string;
  /** The room, or the homeserver, would not have the author's own ghost: the bot speaks for them. */
  readonly isStandIn: boolean;
}

/** How long a user is taken to be in a room once it was seen there: who is put out comes to be known by a refusal. */
const joinedSeconds = 3_600;
const standInSeconds = 600;
/** Longer names are refused by some homeservers (Synapse, `MAX_DISPLAYNAME_LEN`). */
const maxName = 256;

/**
 * Who is to say it, and is in the room to do so: the author's ghost where there is an author, else the bot. Registering,
 * naming and joining may be repeated and show nobody anything but a name; it is done once an hour.
 * @throws SendFailure of any kind but `ambiguous`; where a ghost is refused there is a stand-in.
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
 * Has the bot in the room, where it has not posted before: only who is in a room may read it.
 * @returns the bot.
 * @throws SendFailure of any kind but `ambiguous`.
 */
export async function enter(room: string, connection: Target['connection'], context: LookUpContext): Promise<string> {
  const bot = botOf(connection.settings);
  return kept(connection, room, [bot], context, async () => {
    await join(room, undefined, connection, context);
    return bot;
  });
}

/** The room had nothing from this user: what is known of them there is looked at anew. */
export function forgetSpeaker(user: string, room: string, { tokens }: SendContext): void {
  tokens.drop(`${user} ${room}`);
}

/** Remembered with the access tokens: for a while, in this process, and worked out once however many ask. */
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

/** Application service API, "Server admin style permissions". Known already is as good. */
async function register(ghost: string, connection: Target['connection'], context: SendContext): Promise<void> {
  const body = { type: 'm.login.application_service', username: localpartOf(ghost), inhibit_login: true };
  try {
    await lookUp({ method: 'POST', path: path`/v3/register`, body }, connection, context);
  } catch (error) {
    if (!(error instanceof SendFailure) || error.code !== 'matrix_user_in_use') throw error;
  }
}

/** @param as the bot itself where nobody is named. */
export async function join(
  room: string,
  as: string | undefined,
  connection: Target['connection'],
  context: LookUpContext,
): Promise<void> {
  await lookUp({ method: 'POST', path: path`/v3/join/${room}`, body: {}, ...(as && { as }) }, connection, context);
}

/** Of this user; not of the whole application service. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof SendFailure &&
    error.kind === 'permanent' &&
    /^matrix_(?:forbidden|exclusive|user_deactivated|user_suspended|user_locked|invalid_username|unknown)$/.test(
      error.code,
    )
  );
}
