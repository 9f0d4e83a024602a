import { closeSync, existsSync, mkdirSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** What a simulator accepted, on disk: one JSON document a line. */
export interface Journal {
  /** Written when this returns; the system has it, so killing the process loses nothing. */
  append(event: unknown): void;
  close(): void;
}

/**
 * Reads back what is there, then goes on behind it. A last line without its end was being written when the process was
 * killed; it was never answered for, so it is cut off.
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
