import { Connection } from '@temporalio/client';
import pino from 'pino';
import { registerSearchAttributes } from '../../src/temporal/search-attributes.ts';
import { createRuns, type Runs } from '../../src/temporal/runs.ts';
import { startDispatcher } from '../../src/worker/dispatcher.ts';
import { eventually } from '../support/eventually.ts';
import { createLedgerBench, type LedgerBench } from '../support/ledger-bench.ts';
import { temporalAddress } from '../support/temporal.ts';

let bench: LedgerBench;
let connection: Connection;
let runs: Runs;
beforeAll(async () => {
  bench = await createLedgerBench();
  connection = await Connection.connect({ address: temporalAddress() });
  const namespace = `dispatcher-${Date.now()}`;
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  await registerSearchAttributes(temporalAddress(), namespace);
  runs = createRuns(connection, namespace, { eager: false, express: false });
}, 60_000);
afterAll(async () => {
  await connection?.close();
  await bench?.close();
});

const dispatched = async () => {
  const rows = await bench.sql<{ id: string }[]>`select id from messages where dispatched_at is not null`;
  return rows.map(({ id }) => id);
};

/** Passes starts on to Temporal only when the test allows them, like a slow Temporal. */
function slowed(): { runs: Runs; asked: string[]; letOne(): void; letAll(): void } {
  const asked: string[] = [];
  const held: (() => void)[] = [];
  let isOpen = false;
  return {
    asked,
    letOne: () => held.shift()?.(),
    letAll() {
      isOpen = true;
      for (const go of held.splice(0)) go();
    },
    runs: {
      ...runs,
      async start(message) {
        asked.push(message.message);
        if (!isOpen) await new Promise<void>((resolve) => held.push(resolve));
        return runs.start(message);
      },
    },
  };
}

it('starts an urgent message as soon as half of the starts under way are done, even when the others hang', async () => {
  const low: string[] = [];
  for (let n = 0; n < 20; n += 1) low.push((await bench.post({ priority: 'low' })).id);
  const { runs: slow, asked, letOne, letAll } = slowed();
  const dispatcher = startDispatcher({ sql: bench.sql, runs: slow, log: pino({ level: 'silent' }) });
  try {
    await eventually('starts are under way', async () => asked.length === 16);
    const { id } = await bench.post({ priority: 'critical' });
    dispatcher.poke();
    for (let n = 0; n < 8; n += 1) letOne();
    await eventually('it is started beside the other half', async () => asked.includes(id));
    expect(asked.indexOf(id)).toBe(16);
    await eventually(
      'what was started is written down, the rest is not',
      async () => (await dispatched()).length === 8,
    );
    letAll();
    await eventually('all are started', async () => (await dispatched()).length === 21);
    expect(new Set(asked).size).toBe(asked.length);
    expect([...asked].sort()).toEqual([id, ...low].sort());
  } finally {
    letAll();
    await dispatcher.stop();
  }
});
