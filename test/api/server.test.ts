import { connect } from 'node:net';
import { once } from 'node:events';
import { eventually } from '../support/eventually.ts';
import { untilSomebodyWaits } from './lock-wait.ts';
import { adminKey, startTestApi } from './running-api.ts';

test('finishes the request under way when the server closes, accepts no new one, and may be closed twice', async () => {
  const api = await startTestApi();
  let during: Promise<{ status: number }> | undefined;
  let closed: Promise<void> | undefined;
  await api.sql.begin(async (tx) => {
    await tx`lock table messages in access exclusive mode`;
    during = api.call('GET', '/v1/messages');
    await untilSomebodyWaits(api);
    closed = api.close();
    await untilRefused(api.url);
  });
  expect((await during)?.status).toBe(200);
  await closed;
  expect(api.log.join('')).not.toContain('still under way');
});

test('closes in bounded time even when the body of a request never arrives', async () => {
  const api = await startTestApi();
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  socket.write(
    `POST /v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${adminKey}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
  );
  socket.on('error', () => undefined); // the server cuts it
  const gone = once(socket, 'close');
  await once(socket, 'ready');
  const start = performance.now();
  await api.close();
  expect(performance.now() - start).toBeLessThan(5_000);
  await gone;
});

test('fails to start with EADDRINUSE when the port is taken', async () => {
  const api = await startTestApi();
  const { startApi } = await import('../../src/api/server.ts');
  const { depsForNothing } = await import('./idle-deps.ts');
  await expect(startApi(depsForNothing(), { host: '127.0.0.1', port: Number(new URL(api.url).port) })).rejects.toThrow(
    /EADDRINUSE/,
  );
  await api.close();
});

test('serves the page at /docs without anything from other sites', async () => {
  const api = await startTestApi();
  const page = await fetch(`${api.url}/docs`);
  expect(page.status).toBe(200);
  const html = await page.text();
  const assets = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '');
  expect(assets.length).toBeGreaterThan(2);
  for (const path of assets) {
    const url = new URL(path, page.url.endsWith('/') ? page.url : `${page.url}/`);
    expect(url.origin).toBe(api.url);
    const asset = await fetch(url);
    expect([asset.status, (await asset.arrayBuffer()).byteLength > 0]).toEqual([200, true]);
  }
  await api.close();
});

/** Opens a new connection each time, because open connections are served until they end. */
async function untilRefused(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  await eventually('new connections are refused', async () => {
    const socket = connect(Number(port), hostname);
    const code = await once(socket, 'connect').then(
      () => 'connected',
      (error: NodeJS.ErrnoException) => error.code,
    );
    socket.destroy();
    return code === 'ECONNREFUSED';
  });
}
