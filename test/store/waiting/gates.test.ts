import { breakerLimits, shutGate } from '../../../src/domain/gate.ts';
import { chooseProbe, findBusyGates } from '../../../src/store/waiting/let-through.ts';
import { pausedByHand, pauseGate, resumeGate } from '../../../src/store/waiting/pause.ts';
import { readLedger } from '../../../src/store/ledger/ledger.ts';
import { waitAtGate } from '../../../src/store/waiting/wait.ts';
import { createGateBench, noAnswer, type GateBench } from '../../support/gate-bench.ts';

let bench: GateBench;
beforeAll(async () => void (bench = await createGateBench()));
afterAll(() => bench.close());

const shutTo = async (delivery: string) => {
  const [entry] = await readLedger(bench.sql, bench.ring, [delivery]);
  return shutGate(entry?.view.gates ?? [])?.why;
};
const waitAt = (
  destination: string,
  deliveries: readonly string[],
  why: 'breaker' | 'paused' | 'retry_after' = 'breaker',
) => Promise.all(deliveries.map((id) => waitAtGate(bench.sql, id, `destination:${destination}`, why)));
const probed = async (destination: string) =>
  (await chooseProbe(bench.sql, await bench.busy(destination), 1_000)).map(({ delivery }) => delivery);

const lookedAt = async (soonMs: number) => (await findBusyGates(bench.sql, soonMs)).map(({ scope }) => scope);

/** Milliseconds from now, by the database's clock, until the next probe. */
async function untilProbe(destination: string): Promise<number> {
  const [row] = await bench.sql<{ ms: number }[]>`
    select (extract(epoch from probe_at - clock_timestamp()) * 1000)::float8 as ms from gates where scope = ${`destination:${destination}`}`;
  return row?.ms ?? Number.NaN;
}

describe('a breaker', () => {
  it('a breaker opens once, at the fifth failure in a row, also where many workers settle at once', async () => {
    const deliveries = await bench.queue('fifth', 5);
    const tokens = await Promise.all(deliveries.map((id) => bench.token(id)));
    const settle = (index: number) => bench.failAt('fifth', deliveries[index] ?? '', tokens[index] ?? '');
    await Promise.all([0, 1, 2, 3].map(settle));
    expect(await bench.health('fifth')).toMatchObject({ breaker: 'closed', failures: 4 });
    await settle(4);
    expect(await bench.health('fifth')).toMatchObject({ breaker: 'open', failures: 5, reason: noAnswer });
    const all = await bench.queue('at-once', 20);
    const claims = await Promise.all(all.map((id) => bench.token(id)));
    await Promise.all(all.map((id, index) => bench.failAt('at-once', id, claims[index] ?? '')));
    expect(await bench.health('at-once')).toMatchObject({ breaker: 'open', failures: 20 });
    expect(await bench.gate('at-once')).toMatchObject({ openings: 1 });
    expect(await bench.eventsOf('at-once')).toEqual(['carillon.destination.unhealthy']);
  });

  it("a success sets the breaker's count to zero, and writes nothing where there were no failures", async () => {
    const [first, second, ...rest] = await bench.queue('anew', 6);
    await bench.succeedAt('anew', first ?? '', await bench.token(first ?? ''));
    expect(await bench.health('anew')).toBeUndefined();
    for (const id of rest) await bench.failAt('anew', id, await bench.token(id));
    await bench.succeedAt('anew', second ?? '', await bench.token(second ?? ''));
    expect(await bench.health('anew')).toMatchObject({ breaker: 'closed', failures: 0, reason: null });
  });

  it("a breaker does not open by failures that say nothing about the destination's health", async () => {
    const deliveries = await bench.queue('limited', 8);
    for (const id of deliveries) await bench.failAt('limited', id, await bench.token(id), { failed: false, heldMs: 1 });
    expect(await bench.health('limited')).toMatchObject({ breaker: 'closed', failures: 0 });
  });

  it('an open breaker lets no delivery go for five seconds, and is named as the reason', async () => {
    await bench.breakOpen('open');
    const [other] = await bench.queue('open', 1);
    expect(await shutTo(other ?? '')).toBe('breaker');
    expect(await untilProbe('open')).toBeGreaterThan(breakerLimits.firstProbeMs - 1_000);
    expect(await untilProbe('open')).toBeLessThanOrEqual(breakerLimits.firstProbeMs);
  });

  it('an open breaker chooses no probe before its time', async () => {
    await waitAt('early', await bench.breakOpen('early'));
    expect(await bench.busy('early')).toMatchObject({ isPassable: false, isProbeDue: false });
    expect(await probed('early')).toEqual([]);
  });

  it('an open breaker lets one probe go, the delivery with the fewest attempts', async () => {
    const tried = await bench.breakOpen('probe');
    const [fresh] = await bench.queue('probe', 1, { priority: 'low' });
    await waitAt('probe', [...tried, fresh ?? '']);
    await bench.makeProbeDue('probe');
    const gate = await bench.busy('probe');
    expect(gate.isProbeDue).toBe(true);
    const chosen = await Promise.all(Array.from({ length: 5 }, () => chooseProbe(bench.sql, gate, 1_000)));
    expect(chosen.flat().map(({ delivery }) => delivery)).toEqual([fresh]);
    expect(await bench.health('probe')).toMatchObject({ breaker: 'half-open' });
    expect(await shutTo(fresh ?? '')).toBeUndefined();
    expect(await shutTo(tried[0] ?? '')).toBe('breaker');
  });

  it('an open breaker waits twice as long after each failed probe, up to a minute', async () => {
    await waitAt('doubling', await bench.breakOpen('doubling'));
    const waits: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      await bench.makeProbeDue('doubling');
      const [probe] = await probed('doubling');
      await bench.failAt('doubling', probe ?? '', await bench.token(probe ?? ''));
      expect(await bench.health('doubling')).toMatchObject({ breaker: 'open' });
      waits.push(Math.round((await untilProbe('doubling')) / 1_000));
    }
    expect(waits).toEqual([10, 20, 40, 60, 60]);
    expect(await bench.eventsOf('doubling')).toEqual(['carillon.destination.unhealthy']);
  });

  it('a failure of a delivery that is not the probe does not open a half-open breaker again', async () => {
    const [straggler] = await bench.queue('straggler', 1);
    const token = await bench.token(straggler ?? '');
    await waitAt('straggler', await bench.breakOpen('straggler'));
    await bench.makeProbeDue('straggler');
    await probed('straggler');
    await bench.failAt('straggler', straggler ?? '', token);
    expect(await bench.gate('straggler')).toMatchObject({ breaker: 'half-open', openings: 1 });
  });

  it('a breaker closes when the probe is delivered, and an event reports it', async () => {
    await waitAt('closing', await bench.breakOpen('closing'));
    await bench.makeProbeDue('closing');
    const [probe] = await probed('closing');
    await bench.succeedAt('closing', probe ?? '', await bench.token(probe ?? ''));
    expect(await bench.health('closing')).toMatchObject({ breaker: 'closed', failures: 0, waiting: 4 });
    expect(await bench.busy('closing')).toMatchObject({ isPassable: true });
    expect(await bench.eventsOf('closing')).toEqual([
      'carillon.destination.unhealthy',
      'carillon.destination.recovered',
    ]);
  });

  it('a breaker closes by a late success', async () => {
    const [slow] = await bench.queue('late', 1);
    const token = await bench.token(slow ?? '');
    await bench.fail(slow ?? '', token, { ambiguous: true, delayMs: 60_000 });
    await bench.breakOpen('late');
    await bench.succeedAt('late', slow ?? '', token);
    expect(await bench.health('late')).toMatchObject({ breaker: 'closed' });
  });

  it('a success that was settled before does not close a breaker that opened since', async () => {
    const [slow] = await bench.queue('twice', 1);
    const token = await bench.token(slow ?? '');
    await bench.succeedAt('twice', slow ?? '', token);
    await bench.breakOpen('twice');
    await bench.succeedAt('twice', slow ?? '', token);
    expect(await bench.health('twice')).toMatchObject({ breaker: 'open' });
  });

  it('a breaker chooses another probe when the first one has brought no result in its time', async () => {
    const tried = await bench.breakOpen('lost');
    await waitAt('lost', tried);
    await bench.makeProbeDue('lost');
    const [first] = await probed('lost');
    expect(await untilProbe('lost')).toBeGreaterThan(25_000);
    expect(await probed('lost')).toEqual([]);
    await bench.makeProbeDue('lost');
    const [second] = await probed('lost');
    expect(tried).toContain(second);
    expect(second).not.toBe(first);
    expect(await shutTo(first ?? '')).toBe('breaker');
  });

  it('a breaker chooses another probe at once when the first one was refused', async () => {
    await waitAt('answered', await bench.breakOpen('answered'));
    await bench.makeProbeDue('answered');
    const [probe] = await probed('answered');
    await bench.fail(probe ?? '', await bench.token(probe ?? ''), { park: true });
    expect(await probed('answered')).toHaveLength(1);
  });

  it('an open breaker without a queue takes the next delivery that comes as its probe', async () => {
    const tried = await bench.breakOpen('empty');
    await waitAt('empty', tried.slice(0, 1));
    await bench.sql`update deliveries set state = 'cancelled', gate = null where id = ${tried[0] ?? ''}`;
    await bench.makeProbeDue('empty');
    expect(await probed('empty')).toEqual([]);
    expect(await bench.gate('empty')).toMatchObject({ has_waiters: false });
    await waitAt('empty', tried.slice(1, 2));
    expect(await probed('empty')).toEqual(tried.slice(1, 2));
  });
});

describe('a pause', () => {
  const byHand = { code: pausedByHand, message: 'maintenance' } as const;
  const scope = (destination: string) => `destination:${destination}` as const;

  it('a paused destination gets nothing until it is resumed, and events report both', async () => {
    const [one] = await bench.queue('paused', 1);
    expect(await pauseGate(bench.sql, 'default', scope('paused'), byHand)).toBe(true);
    expect(await pauseGate(bench.sql, 'default', scope('paused'), byHand)).toBe(false);
    expect(await shutTo(one ?? '')).toBe('paused');
    await waitAt('paused', [one ?? ''], 'paused');
    expect(await bench.health('paused')).toMatchObject({ pauseReason: byHand, waiting: 1 });
    expect(await resumeGate(bench.sql, 'default', scope('paused'), false)).toBe(true);
    expect(await resumeGate(bench.sql, 'default', scope('paused'), false)).toBe(false);
    expect(await bench.busy('paused')).toMatchObject({ isPassable: true });
    expect(await shutTo(one ?? '')).toBeUndefined();
    expect(await bench.eventsOf('paused')).toEqual(['carillon.destination.paused', 'carillon.destination.resumed']);
  });

  it('a failure that affects the whole destination pauses it, so that the other deliveries wait', async () => {
    const [first, second] = await bench.queue('gone', 2);
    await bench.failAt('gone', first ?? '', await bench.token(first ?? ''), { failed: false, pauses: true });
    expect(await shutTo(second ?? '')).toBe('paused');
    expect(await bench.health('gone')).toMatchObject({ pauseReason: noAnswer, breaker: 'closed' });
    expect(await bench.eventsOf('gone')).toEqual(['carillon.destination.paused']);
  });

  it('a change of the destination ends a pause after a failure, and not one by an operator', async () => {
    await pauseGate(bench.sql, 'default', scope('by-hand'), byHand);
    expect(await resumeGate(bench.sql, 'default', scope('by-hand'), true)).toBe(false);
    const [one] = await bench.queue('cured', 1);
    await bench.failAt('cured', one ?? '', await bench.token(one ?? ''), { failed: false, pauses: true });
    expect(await resumeGate(bench.sql, 'default', scope('cured'), true)).toBe(true);
  });

  it('a destination that is resumed has a closed breaker', async () => {
    await bench.breakOpen('slate');
    await pauseGate(bench.sql, 'default', scope('slate'), byHand);
    await resumeGate(bench.sql, 'default', scope('slate'), false);
    expect(await bench.health('slate')).toMatchObject({ breaker: 'closed', failures: 0, probeAt: null });
  });

  it('a paused connection holds back its own destinations only', async () => {
    const [through] = await bench.queue('orders', 1);
    const [other] = await bench.queue('elsewhere', 1);
    await pauseGate(bench.sql, 'default', 'connection:hooks', byHand);
    expect(await shutTo(through ?? '')).toBe('paused');
    expect(await shutTo(other ?? '')).toBeUndefined();
    await resumeGate(bench.sql, 'default', 'connection:hooks', false);
  });
});

describe('a Retry-After', () => {
  it('a Retry-After holds back all deliveries to its destination, and a shorter one does not end it', async () => {
    const [first, second, third] = await bench.queue('resting', 3);
    await bench.failAt('resting', first ?? '', await bench.token(first ?? ''), { failed: false, heldMs: 60_000 });
    const { heldUntil } = (await bench.health('resting')) ?? {};
    expect(heldUntil?.getTime()).toBeGreaterThan(Date.now() + 50_000);
    await bench.failAt('resting', second ?? '', await bench.token(second ?? ''), { failed: false, heldMs: 1 });
    expect((await bench.health('resting'))?.heldUntil).toEqual(heldUntil);
    expect(await shutTo(third ?? '')).toBe('retry_after');
    await waitAt('resting', [third ?? ''], 'retry_after');
    expect(await bench.busy('resting')).toMatchObject({ isPassable: false });
    await bench.sql`update gates set held_until = clock_timestamp() where scope = 'destination:resting'`;
    expect(await bench.busy('resting')).toMatchObject({ isPassable: true });
    expect(await shutTo(third ?? '')).toBeUndefined();
  });
});

it('the drain does not look at gates without a queue', async () => {
  await bench.breakOpen('nobody');
  expect(await lookedAt(3_600_000)).not.toContain('destination:nobody');
});

it('the drain does not look at gates that let nothing go now', async () => {
  const [paused, held] = [await bench.queue('long-pause', 2), await bench.queue('long-held', 2)];
  await waitAt('long-open', await bench.breakOpen('long-open'));
  await pauseGate(bench.sql, 'default', 'destination:long-pause', { code: pausedByHand, message: 'maintenance' });
  await waitAt('long-pause', paused, 'paused');
  await bench.failAt('long-held', held[0] ?? '', await bench.token(held[0] ?? ''), { failed: false, heldMs: 60_000 });
  await waitAt('long-held', held.slice(1), 'retry_after');
  const scopes = ['destination:long-held', 'destination:long-open', 'destination:long-pause'];
  const seen = async (soonMs: number) => (await lookedAt(soonMs)).filter((scope) => scopes.includes(scope));
  expect(await seen(500)).toEqual([]);
  // With a longer horizon, the gate whose probe is due soon is included.
  expect(await seen(breakerLimits.firstProbeMs)).toEqual(['destination:long-open']);
  await bench.sql`update gates set held_until = clock_timestamp() where scope = 'destination:long-held'`;
  await bench.makeProbeDue('long-open');
  await resumeGate(bench.sql, 'default', 'destination:long-pause', false);
  expect(await seen(0)).toEqual(scopes);
});
