import { SendFailure } from '../../domain/failure.ts';
import type { LookUpContext, Target } from '../contract/context.ts';
import { shortcodeOf, unicodeOf } from '../text/emoji.ts';
import { listAt, textAt } from '../http/json-path.ts';
import { find, path } from './api.ts';

const pageSize = '100';
/** Stops reading the reactions to a message that very many people react to. */
const maxPages = 20;

export interface Reaction {
  readonly room: string;
  /** The event to which somebody reacted. */
  readonly event: string;
  readonly emoji: string;
  /** The id of the user who reacted. */
  readonly by: string;
}

/**
 * Finds the event of a reaction among the annotations of a message (client-server API, "GET relations"). The reaction
 * is removed by redacting that event.
 * @returns undefined if there is no such reaction.
 * @throws SendFailure of any kind but `ambiguous`.
 */
export async function findReaction(
  { room, event, emoji, by }: Reaction,
  connection: Target['connection'],
  context: LookUpContext,
): Promise<string | undefined> {
  const to = path`/v1/rooms/${room}/relations/${event}/m.annotation/m.reaction`;
  let from: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const query = { limit: pageSize, ...(from === undefined ? {} : { from }) };
    const answer = await find({ method: 'GET', path: to, query }, connection, context);
    const found = listAt(answer, 'chunk').find(
      (one) => textAt(one, 'sender') === by && isSameEmoji(textAt(one, 'content', 'm.relates_to', 'key'), emoji),
    );
    if (found !== undefined) return textAt(found, 'event_id');
    from = textAt(answer, 'next_batch');
    if (from === undefined) return undefined;
  }
  const message = 'the reactions were not read to their end';
  throw new SendFailure({ kind: 'transient', affects: 'message', code: 'look_up_unfinished', message });
}

function isSameEmoji(key: string | undefined, emoji: string): boolean {
  return key !== undefined && (key === emoji || emojiOf(key) === emoji);
}

/**
 * Converts the `key` of a reaction to our spelling of its emoji, or to `:name:` for another short text. Undefined for a
 * key that no other platform could show, such as a sentence or a picture.
 */
export function emojiOf(key: string): string | undefined {
  const name = shortcodeOf(key);
  if (name !== undefined) return unicodeOf(name);
  if (/^\p{Extended_Pictographic}/u.test(key) || /^\p{Regional_Indicator}/u.test(key)) return key.slice(0, 64);
  return /^[^:\s/]{1,64}$/.test(key) ? `:${key}:` : undefined;
}
