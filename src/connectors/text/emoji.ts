import { createRequire } from 'node:module';

/** Maps code points, such as `1F44D`, to the names of emoji-datasource, which Slack uses as its short names. */
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

/** The first of the Fitzpatrick modifiers. Slack calls it `skin-tone-2`. */
const firstTone = 0x1_f3_fb;

/**
 * Converts a name without colons, such as `+1` or `wave::skin-tone-3`, to its Unicode emoji. A name that Unicode does
 * not have, such as a workspace's custom emoji, is returned as `:name:`.
 */
export function unicodeOf(name: string): string {
  const [, base = name, tone] = /^(.*)::skin-tone-([2-6])$/.exec(name) ?? [];
  const char = charByName.get(base);
  if (char === undefined) return `:${base}:`;
  if (tone !== undefined) return bare(char) + String.fromCodePoint(firstTone + Number(tone) - 2);
  // Older characters are shown as text unless a variation selector asks for the emoji.
  return char.length === 1 ? char + variationSelector : char;
}

/**
 * Converts an emoji, or a custom one in the form `:name:`, to its name without colons.
 * @returns the name, with `::skin-tone-N` if the emoji has a skin tone; undefined if the emoji has no name.
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
