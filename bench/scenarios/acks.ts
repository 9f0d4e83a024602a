import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Agent } from 'undici';
import { platforms } from '../../test/support/platforms/index.ts';
import { freePort } from '../../test/support/free-port.ts';
import type { Platform } from '../../test/support/platforms/platform.ts';
import { plainEnvironment } from '../../test/support/plain-environment.ts';
import { askAs, startCarillon } from '../carillon.ts';
import type { Session } from '../session.ts';
import { figure, table } from '../table.ts';
import { spread, type Spread } from '../statistics.ts';
import type { Scenario } from './scenario.ts';

const seconds = { quick: 4, full: 20 } as const;
const perSecond = 100;
const slowMs = 200;
/** The shortest of the platforms' deadlines (Slack, Zoom, Graph), in milliseconds. */
const deadlineMs = 3_000;

/**
 * What is slow or missing on our side while events come in. The destinations and Temporal are away in both conditions.
 */
const conditions = [
  { title: 'no worker, no Temporal', delayMs: 0 },
  { title: `and ${slowMs} ms for each statement`, delayMs: slowMs },
] as const;

interface Measured extends Spread {
  readonly refused: number;
}

/** How fast Carillon answers platforms when only PostgreSQL is there, and when that is slow. */
export const acks: Scenario = {
  title: `${perSecond} events a second of each platform in turn, with Temporal and all destinations away; until the answer`,
  limitSeconds: ({ mode }) => 240 + platforms.length * conditions.length * (seconds[mode] + 10),
  async run(session, { mode }) {
    const rows: string[][] = [];
    const data: Record<string, Measured> = {};
    for (const { title, delayMs } of conditions) {
      const origin = await startApi(session, delayMs);
      for (const platform of platforms) {
        const { name } = platform.connector;
        session.say(`${name}: ${title}`);
        const measured = await measure(session, origin, platform, perSecond * seconds[mode]);
        data[`${name}, ${title}`] = measured;
        const { count, p50, p99, max, refused } = measured;
        rows.push([platform.connector.title, title, String(count), ...[p50, p99, max].map(figure), String(refused)]);
      }
    }
    const worst = Math.max(...Object.values(data).map(({ p99 }) => p99));
    const refused = Object.values(data).reduce((all, one) => all + one.refused, 0);
    return {
      temporal: 'away',
      lines: table(['platform', 'condition', 'events', 'p50 ms', 'p99', 'max', 'not 2xx'], rows),
      aims: [
        { what: 'slowest p99 of all, ms', measured: worst, atMost: deadlineMs },
        { what: 'events without a 2xx', measured: refused, atMost: 0, isPromise: true },
      ],
      data,
    };
  },
};

async function startApi({ stack }: Session, delayMs: number): Promise<string> {
  const database = await stack.database(`acks_${delayMs}`);
  const url = new URL(database);
  let link = database;
  if (delayMs > 0) {
    const module = fileURLToPath(new URL('slow-link.js', import.meta.url));
    const process = stack.start({ name: 'slow-link', module, env: plainEnvironment() });
    url.port = String(await process.call<number>('listen', { port: Number(url.port), delayMs }));
    link = url.href;
  }
  const nowhere = `127.0.0.1:${await freePort()}`;
  const { origin } = await startCarillon(stack, {
    database,
    port: await freePort(),
    sinkPort: await freePort(),
    destinations: 0,
    profile: undefined,
    apiEnv: { DATABASE_URL: link, TEMPORAL_ADDRESS: nowhere },
  });
  return origin;
}

async function measure({ stack }: Session, origin: string, platform: Platform, events: number): Promise<Measured> {
  const { name } = platform.connector;
  const ask = askAs(origin, stack.adminKey);
  const keys = platform.published && (await publish(platform.published));
  const settings = { ...platform.settings('http://127.0.0.1:9'), ...keys?.settings };
  await ask('PUT', `connections/${name}`, { connector: name, settings });
  const agent = new Agent({ connections: 64 });
  const times: number[] = [];
  let refused = 0;
  const begin = performance.now();
  const under: Promise<void>[] = [];
  for (let n = 0; n < events; n += 1) {
    const due = begin + (n * 1_000) / perSecond;
    await sleep(Math.max(0, due - performance.now()));
    under.push(
      (async () => {
        const { method = 'POST', path = '', headers, body } = await platform.event('bench', n, new Date());
        const start = performance.now();
        const answer = await agent.request({
          origin,
          path: `/hooks/${name}${path}`,
          method,
          headers: { ...headers },
          body,
        });
        await answer.body.dump();
        times.push(performance.now() - start);
        if (answer.statusCode < 200 || answer.statusCode > 299) refused += 1;
      })(),
    );
  }
  await Promise.all(under);
  await agent.close();
  keys?.close();
  return { ...spread(times), refused };
}

/** Serves the public keys of a platform. */
async function publish({ setting, document }: NonNullable<Platform['published']>) {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(document()));
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { settings: { [setting]: `http://127.0.0.1:${port}/keys` }, close: () => void server.close() };
}
