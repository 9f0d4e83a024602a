import { closeSync, existsSync, mkdirSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A file with the events that a simulator accepted, one JSON document per line. */
export interface Journal {
  /** Writes one event. When this returns, the operating system has the line, so it survives a kill of the process. */
  append(event: unknown): void;
  close(): void;
}

/**
 * Reads the events of an earlier process, then opens the file to append to it. A last line without a line feed is cut
 * off: the process was killed while it wrote the line, so it never answered that request.
 * @param take called for each event, oldest first.
 */
export function openJournal(dir: string, name: string, take: (event: unknown) => void): Journal {
  mkdirSync(dir, { recursive: true });
  const file = join(dir, `${name}.jsonl`);
  if (existsSync(file)) {
    const bytes = readFileSync(file);
    const end = bytes.lastIndexOf('\n') + 1;
    if (end < bytes.length) truncateSync(file, end);
    for (const line of bytes.subarray(0, end).toString('utf8').split('\n')) if (line !== '') take(JSON.parse(line));
  }
  const descriptor = openSync(file, 'a', 0o600);
  return {
    append(event) {
      writeSync(descriptor, `${JSON.stringify(event)}\n`);
    },
    close: () => closeSync(descriptor),
  };
}
