import type { Root } from 'mdast';
import { firstPart } from '../../text/slice-tree.ts';
import { visibleText } from '../../text/visible-text.ts';

/** Of each form of a text, in bytes of UTF-8, before Webex encrypts it (developer.webex.com, Messages API). */
export const maxBytes = 7_439;
/** More source than this does not fit, whatever becomes of its marks. */
export const maxSource = 12_000;
/** Writing a long text takes time: so near to the limit is near enough. */
const slackBytes = 32;
const maxGuesses = 4;

/**
 * Writes as much of a tree as fits. What is cut is the tree, so that every mark is closed and no character is torn, and an
 * ellipsis shows where.
 * @param write each of what it returns may have `maxBytes`.
 * @param isCut that something was left out before this already.
 */
export function fit<T extends Readonly<Record<string, string>>>(
  tree: Root,
  write: (tree: Root) => T,
  isCut: boolean,
): T {
  const whole = isCut ? undefined : write(tree);
  if (whole !== undefined && sizeOf(whole) <= maxBytes) return whole;
  let [least, most] = [0, visibleText(tree).length];
  let best: T | undefined;
  for (let guess = most, tries = 0; guess > least; tries += 1) {
    const texts = write(firstPart(tree, guess));
    const size = sizeOf(texts);
    if (size <= maxBytes) [best, least] = [texts, guess];
    else most = guess - 1;
    if (size <= maxBytes && size > maxBytes - slackBytes) break;
    // By proportion, which is near at once where marks are spread evenly; else by halves.
    const next = tries < maxGuesses ? Math.floor((guess * maxBytes) / size) : Math.ceil((least + most) / 2);
    guess = Math.min(Math.max(next, least + 1), most);
  }
  return best ?? write(firstPart(tree, least));
}

/** Of the longest form, in bytes. */
export function sizeOf(texts: Readonly<Record<string, string>>): number {
  return Math.max(...Object.values(texts).map((text) => Buffer.byteLength(text)));
}
