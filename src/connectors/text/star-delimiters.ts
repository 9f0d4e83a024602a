/** What stands around a style, in the markup of Slack and Google Chat, by the node that it makes. */
export const starStyles = { '*': 'strong', _: 'emphasis', '~': 'delete' } as const;
export type Delimiter = keyof typeof starStyles;

/** Whether something that is seen stands there; platforms differ in what else breaks a delimiter. */
export type IsVisible = (char: string | undefined) => boolean;

/**
 * At each place, where the next delimiter that can end a style stands; one pass from the right for each.
 * @param whole what is read as one: code, links and mentions, in which nothing ends a style.
 */
export function closersOf(
  source: string,
  isVisible: IsVisible,
  whole: RegExp,
): Record<Delimiter, (number | undefined)[]> {
  const line = source.replaceAll(whole, (one) => one[0] + 'x'.repeat(one.length - 2) + one.at(-1));
  // Of full length at once: an array that is filled from its end is a slow one.
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

export function isOpener(line: string, index: number, isVisible: IsVisible): boolean {
  return Object.hasOwn(starStyles, line[index] ?? '') && !isWord(line[index - 1]) && isVisible(line[index + 1]);
}

const isWord = (char: string | undefined): boolean => char !== undefined && /[\p{L}\p{N}]/u.test(char);
