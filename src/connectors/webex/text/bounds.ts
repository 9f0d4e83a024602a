import type { Root } from 'mdast';
import { firstPart } from '../../text/slice-tree.ts';
import { visibleText } from '../../text/visible-text.ts';

/** Limit of each form of a text, in bytes of UTF-8 before Webex encrypts it (developer.webex.com, Messages API). */
export const maxBytes = 7_439;
/** A longer source never fits, however much shorter its text becomes without markup. */
export const maxSource = 12_000;
/** The search for the longest text stops within this many bytes of the limit, because each trial writes the text. */
const slackBytes = 32;
const maxGuesses = 4;

/**
 * Writes as much of a tree as fits. The tree is cut, and not the text, so that styles are closed and no character is
 * cut in two. An ellipsis shows that something is missing.
 * @param write each text that it returns may have `maxBytes`.
 * @param isCut true if something was already left out before.
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
    // The first guesses are proportional to the size, which soon comes close if markup is spread evenly. After that,
    // the interval is halved.
    const next = tries < maxGuesses ? Math.floor((guess * maxBytes) / size) : Math.ceil((least + most) / 2);
    guess = Math.min(Math.max(next, least + 1), most);
  }
  return best ?? write(firstPart(tree, least));
}

/** The size of the longest form, in bytes. */
export function sizeOf(texts: Readonly<Record<string, string>>): number {
  return Math.max(...Object.values(texts).map((text) => Buffer.byteLength(text)));
}
