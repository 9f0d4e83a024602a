import { eventually } from '../../support/eventually.ts';
import { createEventBench, hasSeen, isConnected, seenBy, type EventBench } from '../event-bench.ts';
import { makeKey, makeTenant } from '../key-holder.ts';
import type { TestApi } from '../running-api.ts';

let bench: EventBench;
let api: TestApi;
beforeEach(async () => {
  bench = await createEventBench();
  api = await bench.start(undefined, { keyCacheMs: 100 });
});
afterEach(() => bench.remove());

const write = (tenant: string, n: number) => bench.sql`
  insert into events (tenant, type, data) values (${tenant}, 'carillon.test.made', jsonb_build_object('n', ${n}::integer))`;
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

test('gives the streams of several tenants only their own events, in order', async () => {
  const readers = [];
  for (const tenant of ['acme', 'umbrella']) {
    await makeTenant(api, tenant);
    const { key } = await makeKey(api, ['messages:read'], tenant);
    readers.push({ tenant, reader: await bench.follow(api, '', bearer(key)) });
  }
  readers.push({ tenant: 'default', reader: await bench.follow(api) });
  for (const { reader } of readers) await isConnected(reader);
  for (let n = 0; n < 9; n += 1) await write(readers[n % 3]?.tenant ?? '', n);
  for (const [index, { reader }] of readers.entries()) {
    await hasSeen(reader, 6 + index);
    expect(seenBy(reader)).toEqual([index, 3 + index, 6 + index]);
  }
});

test('streams the events of the tenant that the administrator names', async () => {
  await makeTenant(api, 'acme');
  const reader = await bench.follow(api, '', { 'carillon-tenant': 'acme' });
  await isConnected(reader);
  await write('default', 1);
  await write('acme', 2);
  await hasSeen(reader, 2);
  expect(seenBy(reader)).toEqual([2]);
});

test('ends a stream when its key is revoked, refuses to open it again, and keeps other streams open', async () => {
  const { id, key } = await makeKey(api, ['messages:read']);
  const [revoked, other] = [await bench.follow(api, '', bearer(key)), await bench.follow(api)];
  for (const reader of [revoked, other]) await isConnected(reader);
  await write('default', 1);
  await hasSeen(revoked, 1);
  expect((await api.call('DELETE', `/v1/keys/${id}`)).status).toBe(204);
  await eventually('it is over', () => revoked.isOver);
  await write('default', 2);
  await hasSeen(other, 2);
  expect(seenBy(revoked)).toEqual([1]);
  expect((await bench.follow(api, '', bearer(key))).answer.statusCode).toBe(401);
});
