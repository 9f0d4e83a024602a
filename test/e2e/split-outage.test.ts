import { startCutProxy, type CutProxy } from '../api/cut-proxy.ts';
import { eventually } from '../support/eventually.ts';
import { longText, named, numberOf } from '../support/long-text.ts';
import { roomPosts } from '../support/room-posts.ts';
import { startStack, type Stack } from '../support/stack.ts';

/** PostgreSQL is lost while a part is being sent. The worker reaches it through a proxy that can be cut. */
let stack: Stack;
let proxy: CutProxy;
beforeAll(async () => {
  proxy = await startCutProxy(Number(new URL(process.env['CARILLON_TEST_DATABASE_URL'] ?? '').port));
  stack = await startStack({
    workerEnv: (databaseUrl) => {
      const url = new URL(databaseUrl);
      url.port = String(proxy.port);
      return { DATABASE_URL: url.href };
    },
  });
}, 120_000);
afterAll(async () => {
  await stack?.close();
  await proxy.cut();
});

it('when PostgreSQL is lost while a part is sent, the part counts, the next follows, and none is doubled', async () => {
  const posts = roomPosts(stack);
  const platforms = [named('matrix'), named('webex')];
  await posts.connect(platforms);
  const rooms = [];
  for (const platform of platforms) {
    rooms.push(await posts.room(platform, 'cut', { timeout: '5s' }));
    await stack.fault(platform.connector.name, { match: '(2/', mode: 'delay', delayMs: 4_500, times: 1 });
  }
  // Webex gets more parts, because its posts are shorter.
  const { text } = longText(30_000);
  const { id, deliveries } = await stack.post({ text, destinations: rooms.map((room) => room.id) });
  const attempts = () => Promise.all(deliveries.map((one) => posts.attempts(one.id)));
  await eventually('both send the second part', async () => (await attempts()).every((made) => made.length === 2));
  await proxy.cut();
  for (const { connector } of platforms) await stack.clearFaults(connector.name);
  try {
    const handle = stack.temporal.workflow.getHandle((await stack.message(id)).workflowId);
    await eventually('the run has both outcomes', async () => {
      const { pendingActivities } = (await handle.describe()).raw;
      return pendingActivities?.filter(({ activityType }) => activityType?.name === 'settleOutcome').length === 2;
    });
    expect(await attempts()).toEqual(
      deliveries.map(() => [
        [1, 'delivered'],
        [2, null],
      ]),
    );
  } finally {
    await proxy.restore();
  }
  for (const [index, room] of rooms.entries()) {
    const shown = await posts.delivery(id, room.id);
    const total = shown.parts?.total ?? 0;
    expect(shown).toMatchObject({ state: 'delivered', doubled: false, parts: { arrived: total } });
    const numbers = Array.from({ length: total }, (_, n) => n + 1);
    expect((await room.read()).map(numberOf)).toEqual(numbers.map((n) => `${n}/${total}`));
    expect((await attempts())[index]).toEqual(numbers.map((n) => [n, 'delivered']));
  }
}, 120_000);
