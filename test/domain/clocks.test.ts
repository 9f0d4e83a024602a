import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { retryAfterMs } from '../../src/connectors/http/answer.ts';
import { clocksOf, expiryOf, usualClocks, type Clocks, type Intent } from '../../src/domain/clocks.ts';
import { accepted, reduce, type Delivery } from '../model/ledger.ts';
import { formatDuration } from '../../src/domain/retry-input.ts';
import { defaultRetryPolicy, retryPolicies } from '../../src/domain/retry.ts';
import { viewOf } from '../model/ledger-view.ts';
import { nextStep, secondLookMs } from '../../src/domain/step.ts';
import { createLedgerBench } from '../support/ledger-bench.ts';
import { fc } from '../support/property.ts';

const root = join(__dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const intent: Intent = {
  policy: retryPolicies[defaultRetryPolicy],
  class: null,
  acceptedAt: 1_000,
  sendAt: null,
  expiresAt: null,
  holdForMs: usualClocks.holdMs,
  dependsOn: null,
  isReply: false,
};
const timeoutMs = 10_000;
const queued = (of: Partial<Intent> = {}): Delivery => accepted('dlv', { ...intent, ...of }, 'lane', 1);
const claim = { do: 'claim', token: 'one', version: 1, timeoutMs } as const;
const lost = {
  do: 'fail',
  token: 'one',
  outcome: 'ambiguous',
  verdict: { state: 'parked', why: 'attempts_exhausted', inDoubt: true },
} as const;

describe('the clocks of a delivery', () => {
  it('before the first attempt, no clock of a delivery runs except that of its dedupe key', () => {
    expect(clocksOf(queued(), 2_000)).toEqual<Clocks>({
      claimUntil: null,
      expiresAt: null,
      nextAttemptAt: null,
      dependsUntil: null,
      deadlineAt: null,
      doubtUntil: null,
      holdUntil: null,
      runClosesAt: null,
      keyUntil: Infinity,
    });
  });

  it('a delivery expires when its message or its class says, whichever comes first', () => {
    const bestEffort = { ...intent, class: 'best-effort' } as const;
    expect(expiryOf(bestEffort)).toBe(1_000 + 900_000);
    expect(expiryOf({ ...bestEffort, sendAt: 5_000 })).toBe(5_000 + 900_000);
    expect(expiryOf({ ...bestEffort, expiresAt: 60_000 })).toBe(60_000);
    expect(expiryOf({ ...intent, expiresAt: 60_000 })).toBe(60_000);
  });

  it('the deadline stops while a delivery waits for its turn or a pause, but not behind an open breaker', () => {
    const failed = {
      ...lost,
      outcome: 'transient',
      verdict: { state: 'retrying', delayMs: 1, inDoubt: false },
    } as const;
    const retrying = reduce(reduce(queued(), claim, 2_000), failed, 3_000);
    const was = clocksOf(retrying, 4_000).deadlineAt ?? 0;
    const at = (isBreaker: boolean): Delivery =>
      reduce(retrying, { do: 'wait-gate', gate: 'destination:d', isBreaker }, 4_000);
    expect(was).toBe(2_000 + (intent.policy.deadlineMs ?? 0));
    expect(clocksOf(reduce(retrying, { do: 'wait-turn' }, 4_000), 9_000).deadlineAt).toBe(was + 5_000);
    expect(clocksOf(at(false), 9_000).deadlineAt).toBe(was + 5_000);
    expect(clocksOf(at(true), 9_000).deadlineAt).toBe(was);
  });

  it('the run of a parked delivery closes after some days, but never if the message is of class must', () => {
    const parked = (of: Partial<Intent>) => reduce(reduce(queued(of), claim, 2_000), lost, 3_000);
    expect(clocksOf(parked({}), 4_000)).toMatchObject({
      runClosesAt: 3_000 + usualClocks.parkedMs,
      holdUntil: 3_000 + usualClocks.holdMs,
      doubtUntil: 2_000 + timeoutMs + usualClocks.claimMarginMs,
    });
    expect(clocksOf(parked({ class: 'must' }), 4_000).runClosesAt).toBe(Infinity);
  });

  it('the next attempt waits for backoff and Retry-After, and a manual retry for Retry-After only', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.nat(100_000), (delayMs, askedMs) => {
        const verdict = { state: 'retrying', delayMs, inDoubt: false } as const;
        const failed = { do: 'fail', token: 'one', outcome: 'transient', verdict, retryAfterMs: askedMs } as const;
        const retrying = reduce(reduce(queued(), claim, 2_000), failed, 3_000);
        const byHand = reduce(retrying, { do: 'retry' }, 3_000);
        expect(clocksOf(retrying, 3_000).nextAttemptAt).toBe(3_000 + Math.max(delayMs, askedMs));
        expect(clocksOf(byHand, 3_000).nextAttemptAt).toBe(3_000 + askedMs);
      }),
    );
  });
});

describe('the values in usualClocks', () => {
  it('Retry-After, parked runs, holds, replies and dedupe keys last as long as usualClocks says', async () => {
    expect(retryAfterMs({ 'retry-after': '99999999' }, new Date())).toBe(usualClocks.longestRetryAfterMs);
    expect(read('src/workflows/follow.ts')).toContain('condition(isWoken, usualClocks.parkedMs');
    expect(JSON.stringify(JSON.parse(read('docs/openapi.json')))).toContain(
      `"default":"${formatDuration(usualClocks.holdMs)}"`,
    );
    const bench = await createLedgerBench();
    const parent = await bench.post();
    const reply = await bench.post({ thread: parent.id });
    const [row] = await bench.sql<{ depends: number; key: number }[]>`
      select (extract(epoch from d.depends_until - d.created_at) * 1000)::float8 as depends,
        (extract(epoch from k.expires_at - d.created_at) * 1000)::float8 as key
      from deliveries d join dedupe k on k.message = d.message where d.message = ${reply.id}`;
    await bench.close();
    expect(Math.round((row?.depends ?? 0) / 1_000)).toBe(usualClocks.threadWaitMs / 1_000);
    expect(Math.round((row?.key ?? 0) / 1_000)).toBe(usualClocks.dedupeMs / 1_000);
  });
});

describe('the table of clocks in docs/architecture.md', () => {
  const section =
    read('docs/architecture.md')
      .split('\n## ')
      .find((part) => part.startsWith('Clocks\n')) ?? '';
  const rows = [...section.matchAll(/^\| `(\w+)` *\|(.*)\|$/gm)].map(([, name = '', cells = '']) => ({
    name,
    cells: cells.split('|').map((cell) => cell.trim()),
  }));
  const claimMs = timeoutMs + usualClocks.claimMarginMs;
  const usual: Record<keyof Clocks, number | null> = {
    claimUntil: claimMs,
    expiresAt: null,
    nextAttemptAt: null,
    dependsUntil: usualClocks.threadWaitMs,
    deadlineAt: intent.policy.deadlineMs,
    doubtUntil: claimMs,
    holdUntil: usualClocks.holdMs,
    runClosesAt: usualClocks.parkedMs,
    keyUntil: usualClocks.dedupeMs,
  };

  it('docs/architecture.md lists every clock in the order of precedence with its usual value', () => {
    expect(rows.map(({ name }) => name)).toEqual(Object.keys(clocksOf(queued(), 0)));
    for (const { name, cells } of rows) {
      const ms = usual[name as keyof Clocks];
      expect([name, cells[0]]).toEqual([name, ms === null ? 'none' : formatDuration(ms)]);
      expect(cells.filter((cell) => cell === '')).toEqual([]);
    }
  });

  it('the clocks of a delivery decide in the order in which they are listed', () => {
    const now = 1_000_000;
    const over = {
      ...queued({ expiresAt: now - 1 }),
      state: 'retrying',
      nextAttemptAt: now + 1,
      deadlineAt: now - 1,
    } as const;
    const next = (delivery: Delivery, kind: 'B' | 'C') =>
      nextStep(viewOf(delivery, [], [], now), { kind }, 'at-least-once');
    expect(next(over, 'C')).toEqual({ do: 'expire' });
    expect(next({ ...over, intent }, 'C')).toMatchObject({ do: 'pause', why: 'not-due' });
    expect(next({ ...over, intent, nextAttemptAt: now }, 'C')).toMatchObject({ do: 'park', code: 'deadline_exceeded' });
    const doubt = { since: now - 1, until: now + 1 };
    expect(next({ ...over, intent, nextAttemptAt: now, doubt }, 'B')).toMatchObject({ do: 'pause', why: 'doubt' });
  });

  it('docs/architecture.md names the limits of the clocks in its other columns', () => {
    const said = (name: string): string => rows.find((row) => row.name === name)?.cells.join(' ') ?? '';
    expect(said('expiresAt')).toContain(formatDuration(usualClocks.bestEffortMs));
    expect(said('nextAttemptAt')).toContain(formatDuration(usualClocks.longestRetryAfterMs));
    expect(said('claimUntil')).toContain(formatDuration(usualClocks.claimMarginMs));
    expect(said('doubtUntil')).toContain(formatDuration(secondLookMs));
  });
});
