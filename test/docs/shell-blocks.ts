/** One ```sh block of a page: its script, when the test runs it, and what its output must contain. */
export interface ShellBlock {
  readonly line: number;
  readonly script: string;
  /** Undefined when no mark is before the block. */
  readonly run: 'now' | 'after a restart' | undefined;
  /** Texts that the output must contain. */
  readonly expect: readonly string[];
  /** Whether the block is repeated until its output contains the texts, for results that take some time. */
  readonly isRepeated: boolean;
}

const block = /(?:^<!-- (run[^\n]*) -->\n\n)?^```sh\n([\s\S]*?)^```$/gm;

/**
 * Returns the blocks of a page that are fenced as `sh`, in order. The mark before a block is an HTML comment: `run` or
 * `run after a restart`, then `; expect:` or `; until:` with texts without spaces.
 */
export function shellBlocks(page: string): ShellBlock[] {
  return [...page.matchAll(block)].map(({ 1: mark, 2: script = '', index }) => {
    const [when, wanted = ''] = mark?.split(';') ?? [];
    const [kind = '', ...texts] = wanted.trim().split(/\s+/);
    if (!['', 'expect:', 'until:'].includes(kind)) throw new Error(`${mark}: "${kind}" is neither expect: nor until:`);
    return {
      line: page.slice(0, index).split('\n').length,
      script,
      run: when === undefined ? undefined : when === 'run after a restart' ? 'after a restart' : 'now',
      expect: texts,
      isRepeated: kind === 'until:',
    };
  });
}
