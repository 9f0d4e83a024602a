import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startSimulators } from '../../src/simulators/index.ts';
import { eventually } from '../support/eventually.ts';
import { startSimulatorBench, type SimulatorBench } from '../support/simulators.ts';

let bench: SimulatorBench;
beforeEach(async () => {
  bench = await startSimulatorBench();
});
afterEach(() => bench.stop());

const hook = (id: string, body = '{"text":"hi"}'): Promise<Response> =>
  fetch(`${bench.url}/webhook/orders?x=1`, { method: 'POST', headers: { 'webhook-id': id }, body });
const slack = async (method: string, body: object, base = bench.url): Promise<Record<string, unknown>> => {
  const response = await fetch(`${base}/slack/api/${method}`, {
    method: 'POST',
    headers: { authorization: 'Bearer xoxb-1', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await response.json()) as Record<string, unknown>;
};

describe('the simulator kit', () => {
  it('a simulator records every request with its answer, and returns the records in pages', async () => {
    for (const id of ['a', 'b', 'c']) await hook(id);
    expect(await bench.requests('webhook')).toEqual([
      expect.objectContaining({
        n: 1,
        method: 'POST',
        path: '/webhook/orders?x=1',
        headers: expect.objectContaining({ 'webhook-id': 'a' }),
        body: '{"text":"hi"}',
        accepted: true,
        answer: { status: 200, body: { ok: true } },
        end: 'answered',
        fault: null,
        at: expect.stringMatching(/^\d{4}-.*Z$/),
      }),
      expect.objectContaining({ n: 2 }),
      expect.objectContaining({ n: 3 }),
    ]);
    const page = await fetch(`${bench.url}/_sim/webhook/requests?after=1&limit=1`);
    expect(await page.json()).toMatchObject({ requests: [{ n: 2 }], total: 3 });
    expect((await fetch(`${bench.url}/_sim/webhook/requests?after=x`)).status).toBe(422);
  });

  it('a simulator keeps what it accepted when it is killed, except for a line that was half written', async () => {
    await hook('a');
    await hook('a');
    const posted = await slack('chat.postMessage', { channel: 'C0OPS', text: 'hi' });
    // A second server on the same files sees the same as a process that starts after kill -9.
    await appendFile(join(bench.dir, 'webhook.jsonl'), '{"id":"half');
    const again = await startSimulators({ port: 0, dir: bench.dir });
    const accepted = await (await fetch(`${again.url}/_sim/webhook/accepted`)).json();
    expect(accepted).toMatchObject({ total: 1, accepted: [{ id: 'a', count: 2, sameBody: true, path: '/orders' }] });
    const next = await slack('chat.postMessage', { channel: 'C0OPS', text: 'again' }, again.url);
    expect(Number(next['ts'])).toBeGreaterThan(Number(posted['ts']));
    await again.stop();
    expect((await readFile(join(bench.dir, 'webhook.jsonl'), 'utf8')).trim().split('\n')).toHaveLength(2);
  });

  it('a fault strikes as often as it says, the oldest fault first', async () => {
    await bench.fault('webhook', [
      { status: 503, times: 2 },
      { status: 429, retryAfter: 3 },
    ]);
    const statuses = [];
    for (let count = 0; count < 4; count += 1) statuses.push((await hook(`f${count}`)).status);
    expect(statuses).toEqual([503, 503, 429, 200]);
    const { faults } = (await (await fetch(`${bench.url}/_sim/webhook/faults`)).json()) as { faults: object[] };
    expect(faults).toEqual([
      expect.objectContaining({ id: 1, used: 2, active: false }),
      expect.objectContaining({ id: 2, used: 1, active: false }),
    ]);
  });

  it('a fault strikes only requests that fit its path and body, and all of them until it is deleted', async () => {
    await bench.fault('webhook', { path: '/orders', match: 'poison', status: 500, times: 0 });
    expect((await hook('a', 'poison')).status).toBe(500);
    expect((await hook('b', 'fine')).status).toBe(200);
    expect((await fetch(`${bench.url}/webhook/other`, { method: 'POST', body: 'poison' })).status).toBe(200);
    expect((await hook('c', 'poison')).status).toBe(500);
    await bench.clearFaults('webhook');
    expect((await hook('d', 'poison')).status).toBe(200);
  });

  it('a delay ends as soon as its fault is deleted', async () => {
    await bench.fault('webhook', { mode: 'delay', delayMs: 600_000 });
    const delayed = hook('a');
    await eventually('it has arrived', async () => (await bench.requests('webhook')).length === 1);
    await bench.clearFaults('webhook');
    expect((await delayed).status).toBe(200);
  });

  it('a fault commits before it fails, fails without a commit, or commits twice, as its mode says', async () => {
    const held = async () => (await bench.accepted<{ total: number }>('webhook')).total;
    await bench.fault('webhook', [
      { mode: 'status', status: 500 },
      { mode: 'commit-then-status', status: 500 },
    ]);
    expect((await hook('status')).status).toBe(500);
    expect(await held()).toBe(0);
    expect((await hook('commit')).status).toBe(500);
    expect(await held()).toBe(1);
    await bench.fault('webhook', [{ mode: 'reset-before' }, { mode: 'reset-after' }]);
    await expect(hook('before')).rejects.toThrow();
    expect(await held()).toBe(1);
    await expect(hook('after')).rejects.toThrow();
    expect(await held()).toBe(2);
    await bench.fault('slack', { mode: 'duplicate' });
    await slack('chat.postMessage', { channel: 'C0OPS', text: 'twice' });
    const { channels } = await bench.accepted<{ channels: Record<string, object[]> }>('slack');
    expect(channels['C0OPS']).toHaveLength(2);
  });

  it.each([
    ['no JSON', 'nonsense', ''],
    ['no object', '7', ''],
    ['an unknown field', '{"sttus":500}', '/sttus'],
    ['an unknown mode', '{"mode":"explode"}', '/mode'],
    ['a status out of range', '{"status":99}', '/status'],
    ['a text for a number', '{"times":"2"}', '/times'],
    ['a delay without its length', '{"mode":"delay"}', '/delayMs'],
    ['a status that is never given', '{"mode":"timeout","status":500}', '/status'],
    ['a header that cannot be sent', '{"headers":{"a b":"c"}}', '/headers'],
    ['the second of two', '[{"status":500},{"status":5}]', '/1/status'],
  ])('a bad fault script is refused with a 422 that names the wrong field: %s', async (_, body, path) => {
    const response = await fetch(`${bench.url}/_sim/webhook/faults`, { method: 'POST', body });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ errors: [{ path, message: expect.any(String) }] });
  });

  it('the simulators stop even while faults hold requests open', async () => {
    await bench.fault('webhook', [{ mode: 'timeout' }, { mode: 'delay', delayMs: 60_000 }]);
    const held = [hook('a'), hook('b')].map((call) => call.catch(() => 'closed'));
    await eventually('both have arrived', async () => (await bench.requests('webhook')).length === 2);
    await bench.stop();
    expect(await Promise.all(held)).toEqual(['closed', 'closed']);
    bench = await startSimulatorBench();
  });

  it('an unknown simulator or control is answered with 404, and does not start', async () => {
    expect((await fetch(`${bench.url}/_sim/teams/requests`)).status).toBe(404);
    expect((await fetch(`${bench.url}/teams/x`)).status).toBe(404);
    expect((await bench.control('slack', 'nothing', {})).status).toBe(404);
    await expect(startSimulators({ port: 0, dir: bench.dir, connectors: ['teams'] })).rejects.toThrow('"teams"');
  });
});

describe('the webhook simulator', () => {
  it('the webhook simulator refuses a bad signature and an old timestamp once it has secrets', async () => {
    expect((await bench.control('webhook', 'secrets', { secrets: ['nonsense'] })).status).toBe(422);
    await bench.control('webhook', 'secrets', { secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'] });
    expect((await hook('a')).status).toBe(401);
    const stale = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    const response = await fetch(`${bench.url}/webhook/x`, {
      method: 'POST',
      headers: stale,
      body: '{"test": 2432232314}',
    });
    expect(await response.json()).toEqual({ error: 'webhook-timestamp is too far from now' });
  });

  it('the webhook simulator shows when two requests with the same id have different bodies', async () => {
    await hook('a', '1');
    await hook('a', '2');
    expect(await bench.accepted('webhook')).toMatchObject({ accepted: [{ id: 'a', count: 2, sameBody: false }] });
  });
});
