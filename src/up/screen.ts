/** Shows lines to the person who ran `npm start`. */
export interface Screen {
  say(line: string): void;
  /** Shows a line that the next line replaces. Does nothing when the output is not a terminal. */
  progress(line: string): void;
  /** Whether `progress` shows anything. */
  readonly live: boolean;
}

/**
 * Writes to a terminal or a file. When that is gone (closed terminal, broken pipe), further output is dropped and the
 * process goes on.
 */
export function createScreen(out: NodeJS.WriteStream = process.stdout): Screen {
  let pending = false;
  let gone = false;
  out.on('error', () => {
    gone = true;
  });
  const write = (text: string): void => {
    if (!gone) out.write(text);
  };
  const clear = (): string => {
    const text = pending ? '\r\u001B[K' : '';
    pending = false;
    return text;
  };
  return {
    live: out.isTTY,
    say: (line) => write(`${clear()}${line}\n`),
    progress: (line) => {
      if (!out.isTTY) return;
      write(`${clear()}${line}`);
      pending = true;
    },
  };
}
