import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { logPath } from '../../src/up/process/log-file.ts';
import { eventually } from '../support/eventually.ts';
import { startStack, type Stack, type WorkerProcess } from '../support/stack.ts';

/**
 * PostgreSQL refuses statements of the real roles, and its errors quote the refused rows. Each of these rows contains
 * `s3cret`, which must not reach the log of any role.
 */
let stack: Stack;
let worker: WorkerProcess;
beforeAll(async () => {
  stack = await startStack({ worker: false });
  worker = stack.startWorker();
}, 120_000);
afterAll(() => stack?.close());

const person = '@s3cret.person:example.org';
const account = { connection: 'hooks', person };

const rawLog = (role: 'api' | 'worker'): string => {
  const path = logPath(stack.home, role);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};

/** Waits for the line that satisfies the condition. */
const lineOf = (role: 'api' | 'worker', isWanted: (line: any) => boolean): Promise<any> =>
  eventually(`a line of the ${role}`, () =>
    rawLog(role)
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line): unknown => JSON.parse(line))
      .find(isWanted),
  );

/** Adds a trigger that raises an error with the new row in its message, its detail and its hint. */
async function refuseRows(table: string, event: string, condition: string): Promise<void> {
  await stack.sql.unsafe(`
    create function refuse_${table}() returns trigger language plpgsql as $$
    begin
      raise exception 'refused: %', new using errcode = '23P01', detail = new::text, hint = new::text;
    end $$;
    create trigger refuse before ${event} on ${table} for each row when (${condition})
      execute function refuse_${table}()`);
}

it('the API logs the SQLSTATE of a violated constraint, but no value of the row', async () => {
  await stack.sql`alter table identity_accounts add constraint no_such_person check (person not like '%s3cret%')`;
  const { status } = await stack.call('PUT', '/v1/identities/ann', { name: 'Ann', accounts: [account] });
  expect(status).toBe(500);
  expect(await lineOf('api', ({ err }) => err?.code === '23514')).toMatchObject({
    role: 'api',
    msg: 'request failed',
    err: { type: 'PostgresError', severity: 'ERROR', table: 'identity_accounts', constraint: 'no_such_person' },
  });
  expect(rawLog('api')).not.toContain('s3cret');
});

it('the API logs the SQLSTATE that a trigger raises, but not its text', async () => {
  await refuseRows('identities', 'insert', "new.name like '%s3cret%'");
  const { status } = await stack.call('PUT', '/v1/identities/ben', {
    name: 'Ben s3cret',
    accounts: [{ ...account, person: 'ben' }],
  });
  expect(status).toBe(500);
  const { err } = await lineOf('api', (line) => line.err?.code === '23P01');
  expect(err).toMatchObject({ type: 'PostgresError', routine: 'exec_stmt_raise' });
  expect(rawLog('api')).not.toContain('s3cret');
});

it('the worker logs the SQLSTATE of a failed statement of its dispatcher, but no value of the row', async () => {
  await stack.webhook('first');
  await refuseRows('messages', 'update of dispatched_at', "new.conversation like '%s3cret%'");
  await stack.post({ text: 'well', destinations: ['first'], conversation: 'room s3cret' });
  expect(await lineOf('worker', ({ err }) => err?.code === '23P01')).toMatchObject({
    role: 'worker',
    err: { type: 'PostgresError', severity: 'ERROR' },
  });
  await stack.sql`drop trigger refuse on messages`;
  expect(rawLog('worker')).not.toContain('s3cret');
}, 60_000);

it('Temporal’s SDK logs the SQLSTATE of a failed statement of an activity, but no value of the row', async () => {
  await stack.webhook('second');
  await stack.sql`alter table deliveries add constraint no_such_lane
    check (lane is distinct from 'lane s3cret' or state <> 'sending')`;
  await stack.post({ text: 'well', destinations: ['second'], conversation: 'lane s3cret' });
  const line = await lineOf('worker', ({ sdk }) => sdk?.error?.code === '23514');
  expect(line).toMatchObject({
    role: 'worker',
    msg: 'Activity failed',
    sdk: { activityType: 'deliver', error: { type: 'PostgresError', table: 'deliveries', constraint: 'no_such_lane' } },
  });
  await stack.sql`alter table deliveries drop constraint no_such_lane`;
  expect(rawLog('worker')).not.toContain('s3cret');
}, 60_000);

it('a role that a refused statement ends logs the SQLSTATE, but no value of the row', async () => {
  await worker.stop(); // the supervisor keeps one process of a role
  const file = join(stack.home, 'identities.yaml');
  writeFileSync(file, JSON.stringify([{ id: 'ann', name: 'Ann', accounts: [account] }]));
  const dying = stack.startWorker([resolve('dist/src/main.js'), 'api'], { CARILLON_IDENTITIES_FILE: file });
  const line = await lineOf('worker', ({ role, err }) => role === 'api' && err?.code === '23514');
  expect(line).toMatchObject({ level: 60, err: { type: 'PostgresError', constraint: 'no_such_person' } });
  expect(await dying.stop()).toBe(1);
  expect(rawLog('worker')).not.toContain('s3cret');
}, 60_000);
