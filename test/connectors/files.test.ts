import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { OutgoingFile } from '../../src/connectors/contract/connector.ts';
import { download } from '../../src/connectors/http/download.ts';
import { createEgress } from '../../src/connectors/http/egress.ts';
import { createHttp } from '../../src/connectors/http/client.ts';
import type { HookRequest } from '../../src/connectors/contract/inbound.ts';
import { createSigningKeys } from '../../src/connectors/inbound/signing-keys.ts';
import type { InboundEvent, InboundFile } from '../../src/domain/inbound.ts';
import { eventually } from '../support/eventually.ts';
import { attempt, failureOf, replyTo, sampleOutgoing, sendContext } from '../support/outgoing.ts';
import { platforms } from '../support/platforms/index.ts';
import { roomsAt } from '../support/rooms.ts';
import { startSimulatorBench, type SimulatorBench } from '../support/simulators.ts';

/** Longer than one chunk of any transport, and not decodable as text. */
const bytes = randomBytes(300_000);
const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
const picture = { name: 'plan "B" ü.png', mediaType: 'image/png', base64: bytes.toString('base64') };

/** A server of this test that records the requests which it gets. */
interface Listener {
  readonly url: string;
  readonly heard: { readonly request: IncomingMessage; readonly body: Buffer }[];
  stop(): void;
}

async function listen(answer = 'foreign'): Promise<Listener> {
  const heard: Listener['heard'] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      heard.push({ request, body: Buffer.concat(chunks) });
      response.end(answer);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    stop: () => server.close(),
  };
}

async function read(from: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of from) chunks.push(chunk);
  return Buffer.concat(chunks);
}

let bench: SimulatorBench;
let hook: Listener;
let foreign: Listener;
beforeAll(async () => {
  bench = await startSimulatorBench();
  hook = await listen('{}');
  foreign = await listen();
});
afterAll(async () => {
  hook.stop();
  foreign.stop();
  await bench.stop();
});

describe.each(platforms.map((platform) => ({ name: platform.connector.name, platform })))(
  'files on $name',
  ({ name, platform }) => {
    const { connector } = platform;
    const { inbound } = connector;
    const room = platform.room('files');
    const connection = () => ({
      id: 'under-test',
      settings: { ...platform.settings(bench.url) },
      url: `${hook.url}/${name}`,
    });
    const context = (more: object = {}) => sendContext(bench.http, more);
    let file: InboundFile;

    async function firstEvent(): Promise<InboundEvent> {
      const receive = async (one: (typeof hook.heard)[number]): Promise<InboundEvent[]> => {
        const { method = 'POST', url = '/', headers } = one.request;
        const parsed = new URL(url, hook.url);
        const request: HookRequest = {
          method,
          path: parsed.pathname.replace(`/${name}`, ''),
          query: parsed.searchParams,
          headers: headers as HookRequest['headers'],
          body: one.body,
        };
        const keys = createSigningKeys(bench.http);
        const received = await inbound?.receive(request, connection(), { now: new Date(), keys });
        return received?.kind === 'events'
          ? received.events.flatMap((each) => ('event' in each ? [each.event] : []))
          : [];
      };
      return eventually(`${name} tells of the file`, async () => {
        for (const one of hook.heard.filter(({ request }) => request.url?.startsWith(`/${name}`) === true)) {
          const [event] = await receive(one);
          if (event !== undefined) return event;
        }
        return undefined;
      });
    }

    beforeAll(async () => {
      const rooms = roomsAt(bench.url);
      await platform.subscribe(rooms, `${hook.url}/${name}`);
      await rooms.act(name, { room, text: 'look at this', file: picture });
      const event = await firstEvent();
      const whole = event.isIncomplete === true ? await inbound?.fetch?.(event, connection(), context()) : event;
      const [first] = typeof whole === 'object' && 'files' in whole ? (whole.files ?? []) : [];
      if (first === undefined) throw new Error(`${name} named no file`);
      file = first;
    });
    afterEach(() => bench.clearFaults(name));

    const open = async (one = file, more: object = {}) => {
      const opened = inbound?.openFile?.(one, connection(), context(more));
      if (opened === undefined) throw new Error(`${name} opens no files`);
      return opened;
    };

    it('a file that came in is downloaded with its exact bytes and its media type', async () => {
      expect(file.name).toBe(picture.name);
      const opened = await open();
      expect(opened).toMatchObject({ mediaType: 'image/png', size: bytes.length });
      expect(sha256(await read(opened.bytes))).toBe(sha256(bytes));
    });

    const path =
      { slack: '/files/', webex: '/contents/', matrix: '/media/', msteams: '/files/' }[name] ??
      (name === 'zoom' ? '/zoom/files/' : '/media/');

    it('a download that breaks off, or that the platform cannot serve now, may be tried again', async () => {
      await bench.fault(name, { path, mode: 'cut' });
      const opened = await open();
      expect(await failureOf(read(opened.bytes))).toMatchObject({ kind: 'transient' });
      await bench.fault(name, { path, status: 503, retryAfter: 7 });
      expect(await failureOf(open())).toMatchObject({ kind: 'transient', retryAfterMs: 7_000 });
      await bench.fault(name, { path, mode: 'timeout' });
      expect(await failureOf(open(file, { timeoutMs: 300 }))).toMatchObject({ kind: 'transient', code: 'timeout' });
    });

    it('a file that no longer exists is a permanent failure of its message only', async () => {
      await bench.fault(name, { path, status: 404, body: 'gone' });
      expect(await failureOf(open())).toMatchObject({ kind: 'permanent', affects: 'message', status: 404 });
    });

    it('a download sends no credentials to a host that does not belong to the platform', async () => {
      const before = foreign.heard.length;
      await bench.fault(name, { path, status: 302, headers: { location: `${foreign.url}/stored` } });
      expect((await read((await open()).bytes)).toString()).toBe('foreign');
      if (file.url !== undefined)
        await open({ ...file, url: `${foreign.url}/file` }).then(
          ({ bytes: rest }) => read(rest),
          (error: unknown) => expect(error).toMatchObject({ kind: 'permanent', code: 'file_elsewhere' }),
        );
      expect(foreign.heard.length).toBeGreaterThan(before);
      for (const { request } of foreign.heard) expect(request.headers).not.toHaveProperty('authorization');
    });

    if (connector.postsFiles === true)
      describe('files as posts', () => {
        const target = () => ({
          connection: connection(),
          destination: { id: 'there', address: { ...platform.address('posted') } },
        });
        const outgoingFile = (more: Partial<OutgoingFile> = {}): OutgoingFile => ({
          name: picture.name,
          mediaType: picture.mediaType,
          size: bytes.length,
          isAlone: false,
          async *open() {
            for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
          },
          ...more,
        });
        const outgoing = (more: Partial<OutgoingFile> = {}) => ({
          ...sampleOutgoing(target()),
          file: outgoingFile(more),
        });
        const shown = async () => roomsAt(bench.url).read(name, platform.room('posted'));
        const author = { name: 'Ann Archer', source: 'Elsewhere' };

        it('a posted file arrives once with its bytes and its name, and can be deleted', async () => {
          const out = outgoing();
          const before = (await shown()).length;
          const receipt = await attempt(connector, out, context());
          const [message, ...more] = (await shown()).slice(before);
          expect(more).toEqual([]);
          expect(message?.files).toEqual([
            { name: picture.name, mediaType: 'image/png', size: bytes.length, sha256: sha256(bytes) },
          ]);
          expect(receipt.nativeId).toContain(message?.id);
          const deletion = { ...out, file: undefined, action: { kind: 'delete' as const, nativeId: receipt.nativeId } };
          const { file: _, ...gone } = deletion;
          await attempt(connector, gone, context());
          expect((await shown()).find(({ id }) => id === message?.id)?.deleted).toBe(true);
        });

        it('a file that replies to a message is posted into its thread', async () => {
          const root = sampleOutgoing(target());
          const created = { out: root, receipt: await attempt(connector, root, context()) };
          await attempt(connector, { ...replyTo(created), file: outgoingFile() }, context());
          const all = await shown();
          expect(all.at(-1)?.thread).toBe(all.find(({ id }) => created.receipt.nativeId.includes(id))?.id);
        });

        it('a file that is posted alone names its author, and one that follows a text does not', async () => {
          await attempt(connector, { ...outgoing({ isAlone: true }), author }, context());
          const message = (await shown()).at(-1);
          expect(`${message?.by} ${message?.markup}`).toContain('Ann Archer');
          await attempt(connector, { ...outgoing(), author }, context());
          expect((await shown()).at(-1)?.markup.replaceAll(/[\u2061-\u2064]/g, '')).not.toContain('Ann Archer');
        });

        it('an uploaded file is visible to nobody before it is sent', async () => {
          const before = (await shown()).length;
          await connector.prepare(outgoing(), context());
          expect(await shown()).toHaveLength(before);
        });

        if (connector.reconcile !== undefined)
          it('the look-up finds a posted file whose answer was lost, and no file that was not posted', async () => {
            const [first, second] = [outgoing(), outgoing()];
            const since = new Date(Date.now() - 60_000);
            const receipt = await attempt(connector, first, context());
            expect((await connector.reconcile?.(first, since, context()))?.nativeId).toBe(receipt.nativeId);
            expect(await connector.reconcile?.(second, since, context())).toBeUndefined();
          });

        it('a file that the platform refuses for its size can be linked instead', async () => {
          const call = { slack: '/upload/v1/', zoom: '/file/v2/', matrix: '/media/v3/upload' }[name] ?? '/messages';
          await bench.fault(name, { path: call, status: 413 });
          expect(await failureOf(attempt(connector, outgoing(), context()))).toMatchObject({
            kind: 'permanent',
            affects: 'message',
            isOfFormat: true,
          });
        });
      });
  },
);

describe('download', () => {
  const context = (allow: readonly string[]) => {
    const http = createHttp({ egress: createEgress(allow) });
    return { http, at: sendContext(http) };
  };

  it('a download reaches no private address, neither directly nor by a redirect', async () => {
    const { http, at } = context([]);
    for (const url of [`${foreign.url}/x`, 'http://10.0.0.1/x', 'http://169.254.169.254/latest', 'http://[::1]/x'])
      expect(await failureOf(download({ url }, at))).toMatchObject({ kind: 'permanent', code: 'egress_denied' });
    await http.close();
    const narrow = context(['127.0.0.1/32']);
    await bench.fault('webhook', { status: 302, headers: { location: 'http://127.0.0.2:1/secret' } });
    const failure = await failureOf(download({ url: `${bench.url}/webhook/x` }, narrow.at));
    expect(failure).toMatchObject({ kind: 'permanent', code: 'egress_denied' });
    await narrow.http.close();
  });

  it('a download follows three redirects and refuses a fourth', async () => {
    const around = { status: 307, headers: { location: '/webhook/again' } };
    await bench.fault('webhook', { ...around, times: 4 });
    const failure = await failureOf(download({ url: `${bench.url}/webhook/x` }, sendContext(bench.http)));
    expect(failure).toMatchObject({ kind: 'permanent', code: 'http_307' });
  });
});
