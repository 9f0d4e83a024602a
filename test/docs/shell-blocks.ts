/** One ```sh block of a page: what is to be run, when, and what it must say. */
export interface ShellBlock {
  readonly line: number;
  readonly script: string;
  /** Undefined where the block carries no mark. */
  readonly run: 'now' | 'after a restart' | undefined;
  /** Texts that its output must hold. */
  readonly expect: readonly string[];
  /** Whether it is to be repeated until its output holds them: for what takes its time. */
  readonly isRepeated: boolean;
}

const block = /(?:^<!-- (run[^\n]*) -->\n\n)?^```sh\n([\s\S]*?)^```$/gm;

/**
 * The blocks that are fenced as `sh`, in their order. The mark before a block is a comment: `run`, or `run after a
 * restart`, then `; expect:` or `; until:` with texts that hold no blanks.
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
