import { createServer, type Server } from 'node:http';
import { createAccessTokens } from '../../src/connectors/http/access-tokens.ts';
import type { LookUpContext, Values } from '../../src/connectors/contract/context.ts';
import type { History, HookRequest } from '../../src/connectors/contract/inbound.ts';
import { createSigningKeys } from '../../src/connectors/inbound/signing-keys.ts';
import type { InboundEvent } from '../../src/domain/inbound.ts';
import { eventually } from '../support/eventually.ts';
import { attempt, failureOf, sampleOutgoing, sendContext } from '../support/outgoing.ts';
import type { Platform } from '../support/platforms/platform.ts';
import { roomsAt, type Rooms } from '../support/rooms.ts';
import { startSimulatorBench, type SimulatorBench } from '../support/simulators.ts';

/** Starts a server that records every request that the platform sends. */
async function startCapture(): Promise<{ url: string; requests: HookRequest[]; server: Server }> {
  const requests: HookRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://here');
      const headers = request.headers as HookRequest['headers'];
      const path = pathname.replace(/^\/hook/, '');
      requests.push({ method: request.method ?? '', path, query: searchParams, headers, body: Buffer.concat(chunks) });
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/hook`, requests, server };
}

/**
 * What the history of a platform must show, compared with the events that it sent.
 * @param path part of the path of a page of the history.
 * @param refusal the answer with which this platform refuses to show a history.
 */
export function historySuite(platform: Platform, path: string, refusal: { status: number; body: object }): void {
  const { connector } = platform;
  const { name, inbound } = connector;
  let bench: SimulatorBench;
  let capture: Awaited<ReturnType<typeof startCapture>>;
  let rooms: Rooms;
  let settings: Values;
  const tokens = createAccessTokens();
  const context = (timeoutMs = 10_000): LookUpContext => ({
    http: bench.http,
    tokens,
    now: new Date(),
    timeoutMs,
    signal: new AbortController().signal,
  });
  const read = async (room: string, minutes = 30, at = context()): Promise<History> => {
    const since = new Date(Date.now() - minutes * 60_000);
    const address = platform.address(room) as Values;
    return (await inbound?.history?.(address, since, { id: name, settings }, at)) ?? { events: [], lacks: [] };
  };
  const keysOf = (events: readonly InboundEvent[]): string[] => events.map(({ key }) => key);
  const act = (room: string, action: Parameters<Rooms['act']>[1]) =>
    rooms.act(name, { room: platform.room(room), ...action });

  beforeAll(async () => {
    bench = await startSimulatorBench([name]);
    capture = await startCapture();
    rooms = roomsAt(bench.url);
    settings = platform.settings(bench.url) as Values;
    await platform.subscribe(rooms, capture.url);
  });
  afterEach(() => bench.clearFaults(name));
  afterAll(async () => {
    capture.server.close();
    await bench.stop();
  });

  /** Returns the events that the platform sent, completed as a worker would complete them. */
  async function live(): Promise<InboundEvent[]> {
    const events: InboundEvent[] = [];
    const connection = { id: name, settings };
    for (const request of capture.requests) {
      const at = { now: new Date(), keys: createSigningKeys(bench.http) };
      const received = await inbound?.receive(request, connection, at);
      for (const one of received?.kind === 'events' ? received.events : []) {
        if (!('event' in one)) continue;
        const { event } = one;
        const whole = event.isIncomplete === true ? await inbound?.fetch?.(event, connection, context()) : event;
        if (whole !== undefined && whole !== 'gone' && 'key' in whole) events.push(whole);
      }
    }
    return events;
  }

  it('a history shows the messages of the live events with the same keys, texts, people and threads', async () => {
    // On Matrix, the first read joins the room.
    await read('ops');
    const said = [];
    for (let n = 0; n < 25; n += 1) said.push((await act('ops', { text: `said ${n}`, minutesAgo: 25 - n / 2 })).id);
    await act('ops', { text: 'a reply', thread: said[0] ?? '', user: 'ben', minutesAgo: 10 });
    await act('ops', { content: [{ text: 'hello ' }, { text: '', mention: 'cleo' }], minutesAgo: 9 });
    await act('ops', { do: 'edit', id: said[1] ?? '', text: 'edited', minutesAgo: 8 });
    const file = { name: 'a.txt', mediaType: 'text/plain', base64: 'YQ==' };
    await act('ops', { text: 'a file', file, minutesAgo: 7 });
    const came = await eventually('all of it came', async () => {
      const events = await live();
      return events.length >= 29 && events;
    });
    const { events } = await read('ops');
    const created = events.filter(({ kind }) => kind === 'created');
    expect(keysOf(created).sort()).toEqual(keysOf(came.filter(({ kind }) => kind === 'created')).sort());
    for (const event of created) {
      const same = came.find(({ key }) => key === event.key);
      const ofWhom = ({ nativeId, thread, text, sender }: InboundEvent) => ({
        link: inbound?.linkKey(nativeId),
        thread: thread === undefined ? undefined : inbound?.linkKey(thread),
        // A history shows the present text.
        text: text === 'said 1' ? 'edited' : text,
        sender: sender?.id,
      });
      expect(ofWhom({ ...event, ...(event.isIncomplete && same) })).toEqual(same && ofWhom(same));
      expect(event.files?.map(({ name: one }) => one)).toEqual(same?.files?.map(({ name: one }) => one));
    }
    const edit = events.find(({ kind }) => kind === 'edited');
    expect(edit?.text).toBe('edited');
    expect(events.map(({ at }) => at)).toEqual(events.map(({ at }) => at).sort());
    // The history has more than one page, and no event is in two pages.
    expect(new Set(keysOf(events)).size).toBe(events.length);
  });

  it('a history begins at the time that is asked for, and leaves out what Carillon posted', async () => {
    await act('late', { text: 'long ago', minutesAgo: 20 });
    const { id } = await act('late', { text: 'lately', minutesAgo: 5 });
    const target = {
      connection: { id: name, settings },
      destination: { id: 'late', address: platform.address('late') as Values },
    };
    await attempt(connector, sampleOutgoing(target), sendContext(bench.http));
    const { events } = await read('late', 10);
    expect(events).toMatchObject([{ kind: 'created', nativeId: expect.stringContaining(id), text: 'lately' }]);
  });

  it('a history waits as long as the Retry-After says, and then reads the same page again', async () => {
    await act('busy', { text: 'said' });
    await read('busy');
    await bench.fault(name, { path, mode: 'status', status: 429, retryAfter: 0.3, times: 1 });
    const start = performance.now();
    expect((await read('busy')).events).toHaveLength(1);
    expect(performance.now() - start).toBeGreaterThanOrEqual(300);
  });

  it('a refused history is permanent, and one that takes too long is transient', async () => {
    await act('refused', { text: 'said' });
    await read('refused');
    await bench.fault(name, { path, mode: 'status', times: 0, ...refusal });
    expect(await failureOf(read('refused'))).toMatchObject({ kind: 'permanent' });
    await bench.clearFaults(name);
    await bench.fault(name, { path, mode: 'timeout', times: 0 });
    expect(await failureOf(read('refused', 30, context(400)))).toMatchObject({ kind: 'transient' });
  });
}
