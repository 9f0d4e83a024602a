import { createRequire } from 'node:module';

/** Names by code points, such as `1F44D`: those of emoji-datasource, which Slack calls short names. */
type Shortcodes = Readonly<Record<string, string | readonly string[]>>;
const shortcodes = createRequire(import.meta.url)('emojibase-data/en/shortcodes/iamcal.json') as Shortcodes;

const variationSelector = '\u{FE0F}';
const charByName = new Map<string, string>();
const nameByChar = new Map<string, string>();
for (const [points, names] of Object.entries(shortcodes)) {
  const char = String.fromCodePoint(...points.split('-').map((point) => Number.parseInt(point, 16)));
  const list = typeof names === 'string' ? [names] : names;
  for (const name of list) charByName.set(name, char);
  if (list[0] !== undefined) nameByChar.set(bare(char), list[0]);
}

/** Fitzpatrick modifiers: Slack's `skin-tone-2` is the first. */
const firstTone = 0x1_f3_fb;

/**
 * The emoji of a name without its colons, such as `+1` or `wave::skin-tone-3`; one that a workspace made for itself stays
 * `:name:`.
 */
export function unicodeOf(name: string): string {
  const [, base = name, tone] = /^(.*)::skin-tone-([2-6])$/.exec(name) ?? [];
  const char = charByName.get(base);
  if (char === undefined) return `:${base}:`;
  if (tone !== undefined) return bare(char) + String.fromCodePoint(firstTone + Number(tone) - 2);
  // Older signs are shown as text unless they say otherwise.
  return char.length === 1 ? char + variationSelector : char;
}

/**
 * The name of an emoji without colons; undefined where there is none for it. `:name:` is its own name.
 * @returns with `::skin-tone-N` where it has one.
 */
export function shortcodeOf(emoji: string): string | undefined {
  const custom = /^:([^:\s]+):$/.exec(emoji)?.[1];
  if (custom !== undefined) return custom;
  const known = nameByChar.get(bare(emoji));
  if (known !== undefined) return known;
  const tone = /[\u{1F3FB}-\u{1F3FF}]/u.exec(emoji)?.[0];
  const base = tone === undefined ? undefined : nameByChar.get(bare(emoji.replace(tone, '')));
  if (base === undefined) return undefined;
  return `${base}::skin-tone-${(tone?.codePointAt(0) ?? firstTone) - firstTone + 2}`;
}

function bare(emoji: string): string {
  return emoji.replaceAll(variationSelector, '');
}
