import postgres from 'postgres';
import { freePort } from '../test/support/free-port.ts';
import { startCarillon } from './carillon.ts';
import type { Burst, LoadTarget, Posted } from './load.ts';
import type { AcceptingResult } from './results.ts';
import { costOf, measured, type Rig } from './rig.ts';
import { spread } from './statistics.ts';

const connections = 32;
const warmUp = 400;
const fanOuts = [1, 3] as const;

/**
 * Measures bursts of posts to an API without a worker, on a database of its own, so that only accepting is measured.
 */
export async function measureAccepting(rig: Rig): Promise<AcceptingResult[]> {
  const { stack, load, plan } = rig;
  const database = await stack.database('carillon_accepting');
  const port = await freePort();
  const carillon = await startCarillon(stack, {
    database,
    port,
    sinkPort: rig.sinkPort,
    destinations: Math.max(...fanOuts),
    profile: undefined,
  });
  const sql = postgres(database, { max: 1, onnotice: () => undefined });
  const target: LoadTarget = { origin: carillon.origin, key: stack.adminKey };
  await load.call('aim', target);
  const burst = (options: Omit<Burst, 'connections'>): Promise<Posted[]> =>
    load.call<Posted[]>('burst', { ...options, connections } satisfies Burst);
  await burst({ fanOut: 1, messages: warmUp });
  const results: AcceptingResult[] = [];
  for (const fanOut of fanOuts) {
    rig.say(`accepting without a worker, fan-out ${fanOut}`);
    const { value: posted, spent } = await measured(rig, carillon.watched, () =>
      burst({ fanOut, seconds: plan.acceptSeconds }),
    );
    const accepted = posted.filter(({ status }) => status === 202);
    const ends = posted.map(({ at, ms }) => at + ms).sort((left, right) => left - right);
    const begin = posted.reduce((least, { at }) => Math.min(least, at), Infinity);
    results.push({
      fanOut,
      connections,
      posts: posted.length,
      perSecond: accepted.length / (((ends.at(-1) ?? begin) - begin) / 1_000),
      latency: spread(posted.map(({ ms }) => ms)),
      refused: posted.length - accepted.length,
      lost: accepted.length - (await stored(sql, accepted, fanOut)),
      cost: costOf(spent, posted.length),
    });
  }
  await sql.end();
  await carillon.stop();
  return results;
}

/** Returns how many of the accepted messages are in the database with all of their deliveries. */
async function stored(sql: postgres.Sql, accepted: readonly Posted[], fanOut: number): Promise<number> {
  const ids = accepted.map(({ id }) => id);
  const [row] = await sql<{ count: number }[]>`
    select count(*)::float8 as count from messages m
    where id = any(${ids}) and (select count(*) from deliveries d where d.message = m.id) = ${fanOut}`;
  return row?.count ?? 0;
}
