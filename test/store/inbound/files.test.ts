import { createHash, randomBytes } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { FileFetcher } from '../../../src/deliver/deps.ts';
import { createFileFetcher } from '../../../src/deliver/fetch-files.ts';
import { createAccessTokens } from '../../../src/connectors/http/access-tokens.ts';
import { createEgress } from '../../../src/connectors/http/egress.ts';
import { createHttp, type HttpClient } from '../../../src/connectors/http/client.ts';
import type { FileLimits } from '../../../src/domain/file-limits.ts';
import { addChunk, keepFile, readFile, takeFile } from '../../../src/store/inbound/files.ts';
import { newAttemptId } from '../../../src/store/db/new-id.ts';
import { createLedgerBench, type LedgerBench } from '../../support/ledger-bench.ts';
import { sampleMessage } from '../../support/outgoing.ts';
import { loopback } from '../../support/simulators.ts';
import { oldMessages, tenant } from '../old-messages.ts';

const bytes = randomBytes(2_500_000);
const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
const limits: FileLimits = { maxBytes: 25_000_000, types: ['*/*'], refusedTypes: ['application/x-sh'] };
const whole = (response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'image/png; q=1', 'content-length': bytes.length }).end(bytes);
};

let bench: LedgerBench;
let http: HttpClient;
let answers: ((response: ServerResponse) => void)[];
let asked = 0;
const server = createServer((_request, response) => {
  asked += 1;
  (answers.shift() ?? whole)(response);
});
beforeAll(async () => void (await once(server.listen(0, '127.0.0.1'), 'listening')));
afterAll(() => server.close());
beforeEach(async () => {
  bench = await createLedgerBench();
  http = createHttp({ egress: createEgress(loopback) });
  answers = [];
  asked = 0;
});
afterEach(async () => {
  await http.close();
  await bench.close();
});

const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/plan.png`;
/** Makes the file fetcher of one worker. */
const worker = (more: Partial<FileLimits> = {}, stopping = new AbortController().signal): FileFetcher =>
  createFileFetcher(
    { sql: bench.sql, ring: bench.ring, connectors: new Map(), http, tokens: createAccessTokens(), stopping },
    { ...limits, ...more },
  );
async function posted(attachments = [{ id: 'a', name: 'plan.png', url: url() }]) {
  const { id } = await bench.post();
  return sampleMessage({ id, sender: null, content: { text: '', attachments } });
}
const never = new AbortController().signal;
const fetchBy = (by: FileFetcher, message: Awaited<ReturnType<typeof posted>>, waitMs = 20_000) =>
  by.fetch(tenant, message, waitMs, never);
const reasonOf = async (by: FileFetcher, message: Awaited<ReturnType<typeof posted>>) => {
  const [one] = (await fetchBy(by, message)) ?? [];
  return one?.state === 'refused' ? one.reason.code : one?.state;
};

describe('files of a message', () => {
  it('a file that five workers want at the same time is fetched once', async () => {
    const message = await posted();
    const workers = [worker(), worker(), worker(), worker(), worker()];
    const all = await Promise.all(workers.map((one) => fetchBy(one, message)));
    expect(asked).toBe(1);
    for (const [one] of all.map((each) => each ?? []))
      expect(one).toMatchObject({ state: 'kept', mediaType: 'image/png', size: bytes.length });
  });

  it('a file is read back unchanged, and its bytes are encrypted in the database', async () => {
    const message = await posted([{ id: 'a', name: 'a.txt', url: url() }]);
    answers.push((response) => response.end(Buffer.concat([Buffer.from('a secret word'), bytes])));
    const [one] = (await fetchBy(worker(), message)) ?? [];
    if (one?.state !== 'kept') throw new Error('it was not kept');
    const key = { message: message.id, id: 'a', token: one.token };
    const read: Buffer[] = [];
    for await (const chunk of readFile(bench.sql, bench.ring, key, one.size)) read.push(chunk);
    expect(sha256(Buffer.concat(read))).toBe(sha256(Buffer.concat([Buffer.from('a secret word'), bytes])));
    expect(read.every(({ length }) => length <= 1_024 * 1_024)).toBe(true);
    const rows = await bench.sql<{ sealed: Buffer }[]>`select sealed from file_chunks`;
    expect(rows.some(({ sealed }) => sealed.toString('latin1').includes('a secret word'))).toBe(false);
  });

  it('a file is fetched again after a broken download and after an error of its server', async () => {
    const message = await posted();
    answers.push(
      (response) => {
        response.writeHead(200, { 'content-length': bytes.length });
        response.write(bytes.subarray(0, 1_500_000), () => response.socket?.resetAndDestroy());
      },
      (response) => response.writeHead(503).end(),
    );
    expect(await fetchBy(worker(), message)).toMatchObject([{ state: 'kept', size: bytes.length }]);
    expect(asked).toBe(3);
    const [row] = await bench.sql`select count(*)::integer as chunks from file_chunks`;
    expect(row).toEqual({ chunks: 3 });
  });

  it('a file whose worker died during the download is fetched by another worker from the beginning', async () => {
    const message = await posted();
    const dead = { message: message.id, id: 'a', token: newAttemptId() };
    expect(await takeFile(bench.sql, dead)).toMatchObject({ state: 'taken', tries: 1 });
    expect(await addChunk(bench.sql, bench.ring, dead, 0, Buffer.from('half of'))).toBe(true);
    expect(await fetchBy(worker(), message, 0)).toBeUndefined();
    await bench.sql`update files set due_at = clock_timestamp()`;
    expect(await fetchBy(worker(), message)).toMatchObject([{ state: 'kept', size: bytes.length }]);
    const [left] = await bench.sql`select count(*)::integer as n from file_chunks where token = ${dead.token}`;
    expect(left).toEqual({ n: 0 });
    // If the first worker is alive after all, its download does not count any more.
    expect(await addChunk(bench.sql, bench.ring, dead, 1, Buffer.from('a file'))).toBe(false);
    expect(await keepFile(bench.sql, dead, { mediaType: 'x/y', size: 7 })).toBe(false);
  });

  it('a file that is too large, empty, gone, of a refused type or at a private address is refused', async () => {
    const small = worker({ maxBytes: 1_000_000 });
    expect(await reasonOf(small, await posted())).toBe('file_too_large');
    answers.push((response) => {
      response.writeHead(200, { 'content-type': 'image/png' });
      response.end(bytes);
    });
    expect(await reasonOf(small, await posted())).toBe('file_too_large');
    answers.push((response) => response.writeHead(200, { 'content-type': 'application/x-sh' }).end('rm'));
    expect(await reasonOf(worker(), await posted())).toBe('file_type_refused');
    expect(await reasonOf(worker({ types: ['application/pdf'] }), await posted())).toBe('file_type_refused');
    // The file's server names no type, and the platform's event does.
    answers.push((response) => response.end('rm'));
    const script = [{ id: 'a', name: 'a', url: url(), mediaType: 'application/X-SH' }];
    expect(await reasonOf(worker(), await posted(script))).toBe('file_type_refused');
    answers.push((response) => response.end());
    expect(await reasonOf(worker(), await posted())).toBe('file_empty');
    answers.push((response) => response.writeHead(404).end());
    expect(await reasonOf(worker(), await posted())).toBe('http_404');
    const inside = await posted([{ id: 'a', name: 'a', url: 'http://169.254.169.254/latest' }]);
    expect(await reasonOf(worker(), inside)).toBe('egress_denied');
    expect(await reasonOf(worker({ maxBytes: 0 }), await posted())).toBe('files_off');
    const [row] = await bench.sql`select count(*)::integer as chunks from file_chunks`;
    expect(row).toEqual({ chunks: 0 });
  });

  it('a file is given up after four tries', async () => {
    answers.push(...Array.from({ length: 4 }, () => (response: ServerResponse) => void response.writeHead(502).end()));
    expect(await reasonOf(worker(), await posted())).toBe('http_502');
    expect(asked).toBe(4);
  });

  it('a file is given up half a minute after the first try, whatever its server asks for', async () => {
    const message = await posted();
    const dead = { message: message.id, id: 'a', token: newAttemptId() };
    const begun = async (secondsAgo: number) => {
      await takeFile(bench.sql, dead);
      await bench.sql`
        update files set created_at = clock_timestamp() - make_interval(secs => ${secondsAgo}), due_at = clock_timestamp()`;
    };
    answers.push((response) => response.writeHead(503, { 'retry-after': '1' }).end());
    await begun(28);
    // A try that begins late still has 5 s. This server never answers, so the try ends then.
    answers.push(() => undefined);
    const begin = performance.now();
    expect(await reasonOf(worker(), message)).toBe('timeout');
    expect(performance.now() - begin).toBeLessThan(10_000);
    expect(asked).toBe(2);

    const other = await posted();
    answers.push((response) => response.writeHead(503, { 'retry-after': '31' }).end());
    expect(await reasonOf(worker(), other)).toBe('http_503');
    expect(asked).toBe(3);
  });

  it('a file whose worker stops during the download is fetched by another worker', async () => {
    const stopping = new AbortController();
    const message = await posted();
    answers.push((response) => {
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, 10), () => stopping.abort());
    });
    const stopped = worker({}, stopping.signal);
    await fetchBy(stopped, message, 0);
    await stopped.idle();
    expect(await fetchBy(worker(), message)).toMatchObject([{ state: 'kept' }]);
  });

  it('files are removed together with the content of their message, or with the message', async () => {
    const { run, age, postDelivered } = oldMessages(bench);
    for (const kind of ['content', 'messages'] as const) {
      const { id } = await postDelivered();
      const message = sampleMessage({
        id,
        sender: null,
        content: { text: '', attachments: [{ id: 'a', name: 'a', url: url() }] },
      });
      await fetchBy(worker(), message);
      await run(kind);
      expect(await bench.sql`select count(*)::integer as n from file_chunks`).toMatchObject([{ n: 3 }]);
      await age(id, 11);
      await run(kind);
      expect(await bench.sql`select message from files union all select message from file_chunks`).toEqual([]);
    }
  });
});
