import { createContext, runInContext } from 'node:vm';
import { ActivityFailure, ApplicationFailure, RetryState } from '@temporalio/common';
import postgres from 'postgres';
import { request } from 'undici';
import { SendFailure } from '../../src/domain/failure.ts';
import { describeError } from '../../src/observability/describe-error.ts';
import { safeText } from '../../src/observability/safe-text.ts';
import { createDatabase, type TestDatabase } from '../support/postgres.ts';

/** The description of an error without its stack. */
function described(error: unknown): object {
  const text = JSON.stringify(describeError(error), (key, value: unknown) => (key === 'stack' ? undefined : value));
  return JSON.parse(text) as object;
}

describe('errors of a real PostgreSQL', () => {
  let database: TestDatabase;
  let sql: postgres.Sql;
  beforeAll(async () => {
    database = await createDatabase();
    sql = postgres(database.url, { max: 1, onnotice: () => undefined });
    await sql.unsafe(`
      create table guests (id integer primary key, name text not null unique check (name <> 'bad s3cret'));
      insert into guests values (1, 'a s3cret');
      create function tell(text) returns void language plpgsql as $$ begin
        raise exception 'no % here', $1 using errcode = '23514', detail = $1, hint = $1, constraint = $1;
      end $$`);
  });
  afterAll(async () => {
    await sql.end();
    await database.drop();
  });

  const severity = 'ERROR';
  const type = 'PostgresError';
  const table = { schema: 'public', table: 'guests' };

  it.each([
    [
      `insert into guests values (2, 'a s3cret')`,
      {
        code: '23505',
        ...table,
        constraint: 'guests_name_key',
        routine: '_bt_check_unique',
        message: 'duplicate key value violates unique constraint "guests_name_key"',
      },
    ],
    [
      `insert into guests values (3, 'bad s3cret')`,
      {
        code: '23514',
        ...table,
        constraint: 'guests_name_check',
        routine: 'ExecConstraints',
        message: 'new row for relation "guests" violates check constraint "guests_name_check"',
      },
    ],
    [
      `insert into guests (name) values ('s3cret')`,
      {
        code: '23502',
        ...table,
        column: 'id',
        routine: 'ReportNotNullViolationError',
        message: 'null value in column "id" of relation "guests" violates not-null constraint',
      },
    ],
    [
      `select '5 s3cret'::integer`,
      { code: '22P02', routine: 'pg_strtoint32_safe', message: 'invalid input syntax for type integer: …' },
    ],
    [
      `select '"a" s3cret "b"'::integer`,
      { code: '22P02', routine: 'pg_strtoint32_safe', message: 'invalid input syntax for type integer: …' },
    ],
    [
      `select '{"a": s3cret}'::jsonb`,
      { code: '22P02', routine: 'json_errsave_error', message: 'invalid input syntax for type json' },
    ],
    [`select tell('s3cret')`, { code: '23514', routine: 'exec_stmt_raise', raisedIn: 'tell line 2' }],
    [
      'select from visitors',
      { code: '42P01', routine: 'parserOpenTable', message: 'relation "visitors" does not exist' },
    ],
    [
      `select 's3cret''`,
      { code: '42601', routine: 'scanner_yyerror', message: 'unterminated quoted string at or near …' },
    ],
  ])('%s', async (statement, expected) => {
    const error: unknown = await sql.unsafe(statement).catch((thrown: unknown) => thrown);
    expect(described(error)).toEqual({ type, severity, ...expected });
    expect(JSON.stringify(describeError(error))).not.toContain('s3cret');
  });

  it('show which of our functions made the statement', async () => {
    const failing = async (): Promise<unknown> => sql`select ${'s3cret'}::integer`;
    const error: unknown = await failing().catch((thrown: unknown) => thrown);
    expect(describeError(error)['stack']).toMatch(/at failing .*describe-error\.test\.ts/);
  });
});

it('a refused connection shows its code and address, but no URL', async () => {
  const error: unknown = await request('http://127.0.0.1:1/hooks/s3cret?token=s3cret').catch(
    (thrown: unknown) => thrown,
  );
  expect(described(error)).toEqual({
    type: 'Error',
    message: 'connect ECONNREFUSED 127.0.0.1:1',
    code: 'ECONNREFUSED',
    syscall: 'connect',
  });
});

it('the error for invalid JSON shows nothing of the JSON', () => {
  for (const text of ['s3cret', '{"a": s3cret}', `${'x'.repeat(100)} "s3cret`, '"s3cret'])
    try {
      JSON.parse(text);
    } catch (error) {
      expect(JSON.stringify(describeError(error))).not.toContain('s3cret');
    }
  expect.assertions(4);
});

it('a failed send shows its code, but not the platform’s words', () => {
  const error = new SendFailure({
    kind: 'permanent',
    code: 'channel_not_found',
    message: 's3cret said no',
    status: 404,
    excerpt: 's3cret',
    cause: new Error('closed'),
  });
  expect(described(error)).toEqual({
    type: 'SendFailure',
    kind: 'permanent',
    affects: 'message',
    code: 'channel_not_found',
    status: 404,
    cause: { type: 'Error', message: 'closed' },
  });
});

it('Temporal’s failures show types and codes, but no details', () => {
  const cause = ApplicationFailure.create({
    message: 'refused: (1,s3cret)',
    type: 'PostgresError',
    details: [{ text: 's3cret' }],
    cause: ApplicationFailure.nonRetryable('ours: http_500', 'Parked', 's3cret'),
  });
  const state = RetryState.MAXIMUM_ATTEMPTS_REACHED;
  const error = new ActivityFailure('Activity task failed', 'deliver', '1', state, 's3cret', cause);
  expect(described(error)).toEqual({
    type: 'ActivityFailure',
    message: 'Activity task failed',
    activityType: 'deliver',
    retryState: state,
    cause: {
      type: 'ApplicationFailure',
      failureType: 'PostgresError',
      nonRetryable: false,
      cause: {
        type: 'ApplicationFailure',
        message: 'ours: http_500',
        failureType: 'Parked',
        nonRetryable: true,
      },
    },
  });
});

it('the errors of an AggregateError are described, also those of another realm', () => {
  const foreign: unknown = runInContext('new TypeError("it is closed")', createContext());
  const error = new AggregateError([foreign, Object.assign(new Error('connect'), { code: 'ETIMEDOUT' }), 's3cret']);
  expect(described(error)).toEqual({
    type: 'AggregateError',
    message: '',
    errors: [
      { type: 'TypeError', message: 'it is closed' },
      { type: 'Error', message: 'connect', code: 'ETIMEDOUT' },
      { type: 'string' },
    ],
  });
});

it('a stack contains frames only, even when the message looks like a frame', () => {
  const error = new Error('first\n    at s3cret (file:///s3cret.js:1:1)\n    at s3cret');
  const { stack } = describeError(error);
  expect(stack).toMatch(/^at .*describe-error\.test\.ts/);
  expect(stack).not.toContain('s3cret');
});

it.each([
  ['a key’s use was not noted; the platform’s limit', 'a key’s use was not noted; the platform’s limit'],
  ["a key's use, the platform's limit", "a key's use, the platform's limit"],
  ["cannot read properties of undefined (reading 's3cret')", 'cannot read properties of undefined (reading …)'],
  ['value “s3cret” and «s3cret» of', 'value … of'],
  ['open "s3cret', 'open …'],
  ['Server listening at http://127.0.0.1:8080', 'Server listening at http://127.0.0.1:8080'],
  ['GET https://example.org/s3cret?token=s3cret failed', 'GET https://example.org failed'],
  ['postgres://user:s3cret/s3cret@example.org/x is away', 'postgres://… is away'],
  ['https://example.org/@s3cret:example.org', 'https://…'],
  ['s3cret@example.org left', '… left'],
  ['@s3cret:example.org in !s3cret:example.org, #s3cret:example.org', '… in … …'],
  ['Bearer s3cret was refused', 'Bearer … was refused'],
  [`key ${'s3cret'.repeat(10)} is old`, 'key … is old'],
  ['msg_01m8rytsxce8ntj8vknhgdzng0 is not there', 'msg_01m8rytsxce8ntj8vknhgdzng0 is not there'],
  ['at line 1:\n  password: s3cret', 'at line 1:'],
])('%j becomes %j', (text, expected) => {
  expect(safeText(text)).toBe(expected);
});
