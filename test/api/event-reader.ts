import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { adminKey } from './running-api.ts';

export interface SeenEvent {
  /** The value of the `id:` line. */
  readonly lastId: string;
  /** The value of the `event:` line. */
  readonly name: string;
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
}

/** A client of `GET /v1/events` that reads a stream as browsers do, and that can be paused or cut. */
export interface EventReader {
  readonly answer: IncomingMessage;
  readonly events: SeenEvent[];
  /** The id that a client sends when it connects again. */
  lastId: string | undefined;
  retry: number | undefined;
  comments: number;
  isOver: boolean;
  cut(): void;
}

/** Connects to a stream. Resolves when the head of the answer has arrived. */
export async function followEvents(url: string, headers: Record<string, string> = {}): Promise<EventReader> {
  const request = get(url, {
    agent: false,
    headers: { authorization: `Bearer ${adminKey}`, accept: 'text/event-stream', ...headers },
  });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  request.on('error', () => undefined); // a test cuts it
  answer.on('error', () => undefined);
  const reader: EventReader = {
    answer,
    events: [],
    lastId: undefined,
    retry: undefined,
    comments: 0,
    isOver: false,
    cut: () => void request.destroy(),
  };
  let rest = '';
  answer.setEncoding('utf8');
  answer.on('data', (text: string) => {
    const blocks = `${rest}${text}`.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) take(reader, block);
  });
  answer.on('close', () => (reader.isOver = true));
  return reader;
}

function take(reader: EventReader, block: string): void {
  const lines = block.split('\n').map((line) => /^([a-z]*): ?(.*)$/.exec(line) ?? []);
  const field = (wanted: string): string | undefined => lines.find(([, name]) => name === wanted)?.[2];
  if (field('') !== undefined) reader.comments += 1;
  if (field('retry') !== undefined) reader.retry = Number(field('retry'));
  reader.lastId = field('id') ?? reader.lastId;
  const data = field('data');
  if (data !== undefined)
    reader.events.push({ lastId: reader.lastId ?? '', name: field('event') ?? '', body: JSON.parse(data) });
}
