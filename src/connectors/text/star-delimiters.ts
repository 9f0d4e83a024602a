/** The delimiters of styles in the markup of Slack and Google Chat, each with the node that it creates. */
export const starStyles = { '*': 'strong', _: 'emphasis', '~': 'delete' } as const;
export type Delimiter = keyof typeof starStyles;

/** Whether the character is visible. Platforms differ in which other characters prevent a delimiter from working. */
export type IsVisible = (char: string | undefined) => boolean;

/**
 * For each position and delimiter, the position of the next delimiter that can close a style. Makes one pass from the
 * right for each delimiter.
 * @param whole matches code, links and mentions, inside which no delimiter closes a style.
 */
export function closersOf(
  source: string,
  isVisible: IsVisible,
  whole: RegExp,
): Record<Delimiter, (number | undefined)[]> {
  const line = source.replaceAll(whole, (one) => one[0] + 'x'.repeat(one.length - 2) + one.at(-1));
  // Allocated in full length, because an array that is filled from its end is slow.
  const none = (): (number | undefined)[] => Array.from({ length: line.length });
  const closers: Record<Delimiter, (number | undefined)[]> = { '*': none(), _: none(), '~': none() };
  for (const mark of Object.keys(starStyles) as Delimiter[]) {
    let next: number | undefined;
    for (let index = line.length - 1; index >= 0; index -= 1) {
      if (line[index] === mark && isVisible(line[index - 1]) && !isWord(line[index + 1])) next = index;
      closers[mark][index] = next;
    }
  }
  return closers;
}

/**
 * Whether the character at `index` is a delimiter that can open a style: no letter or digit before it, a visible
 * character after it.
 */
export function isOpener(line: string, index: number, isVisible: IsVisible): boolean {
  return Object.hasOwn(starStyles, line[index] ?? '') && !isWord(line[index - 1]) && isVisible(line[index + 1]);
}

const isWord = (char: string | undefined): boolean => char !== undefined && /[\p{L}\p{N}]/u.test(char);
