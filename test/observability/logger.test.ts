import { Readable } from 'node:stream';
import fastify from 'fastify';
import { createLogger } from '../../src/observability/logger.ts';
import { logSdkLine } from '../../src/observability/sdk-line.ts';

/** A logger, and the lines that it has written. */
function keepingLogger() {
  const lines: string[] = [];
  const log = createLogger({ role: 'test', level: 'trace' }, { write: (line) => void lines.push(line) });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '') as Record<string, any> };
}

const logged = (line: object): string => {
  const { log, lines } = keepingLogger();
  log.info(line, 'line');
  return lines.join('');
};

test('each line says role, process, time and level', () => {
  const { log, last } = keepingLogger();
  log.warn({ message: 'msg_1' }, 'it waits');
  expect(last()).toEqual({
    level: 40,
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    role: 'test',
    pid: process.pid,
    message: 'msg_1',
    msg: 'it waits',
  });
});

test.each([
  { authorization: 'Bearer s3cret' },
  { headers: { authorization: 'Bearer s3cret' } },
  { req: { headers: { authorization: 'Bearer s3cret' } } },
  { body: { text: 's3cret' } },
  { request: { body: { text: 's3cret' } } },
  { sdk: { activity: { input: { Token: 's3cret' } } } },
  { socket: Readable.from(['s3cret']) },
  { bytes: Buffer.from('s3cret') },
  { map: new Map([['s3cret', 's3cret']]) },
  { err: 's3cret' },
  { err: { message: 's3cret' } },
])('%j is logged without its value', (line) => {
  expect(logged(line)).not.toContain('s3cret');
});

test('a line has a bounded length, also for huge and cyclic fields', () => {
  const loop: Record<string, unknown> = { texts: Array(1_000).fill('x'.repeat(10_000)) };
  loop['self'] = loop;
  loop['selves'] = Array(100).fill(loop);
  const cause = new AggregateError(Array(100).fill(new Error('x'.repeat(10_000))), 'x'.repeat(10_000));
  cause.cause = cause;
  loop['err'] = cause;
  expect(logged(loop).length).toBeLessThan(150_000);
});

test('an error is logged with name, message, code, stack and causes, and with no other field', () => {
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  const err = Object.assign(new Error('no way', { cause }), {
    code: '23505',
    detail: 'Key (id)=(s3cret)',
    parameters: ['s3cret'],
  });
  const text = logged({ err });
  expect(text).not.toContain('s3cret');
  expect(JSON.parse(text).err).toMatchObject({
    type: 'Error',
    message: 'no way',
    code: '23505',
    stack: expect.stringMatching(/^at .*logger\.test\.ts/),
    cause: { message: 'refused', code: 'ECONNREFUSED' },
  });
});

test('an error is described in whatever field it is', () => {
  const broken = Object.assign(new Error('broken'), { code: 'E_BROKEN', detail: 's3cret' });
  const { log, lines } = keepingLogger();
  log.error(broken);
  log.error({ err: broken });
  log.error({ error: broken, sdk: { error: broken, list: [broken] } }, 'line');
  log.child({ err: broken }).error('line');
  log.child({}, { serializers: {} }).error({ err: broken }, 'line');
  for (const line of lines) expect(line).toMatch(/"type":"Error","message":"broken","code":"E_BROKEN"/);
  expect(lines.join('')).not.toContain('s3cret');
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['broken', 'broken', 'line', 'line', 'line']);
});

test('the message of an error is also removed from the message of the line', () => {
  const raised = Object.assign(new Error('refused: (1,s3cret)'), { code: '23P01', routine: 'exec_stmt_raise' });
  raised.name = 'PostgresError';
  const { log, lines } = keepingLogger();
  log.error(raised);
  log.error(raised, raised.message);
  log.error({ sdk: { error: raised } }, `Error while processing: ${raised.message}`);
  log.error('Reply was already sent in the "/v1/messages?conversation=s3cret" route');
  log.error('%s: %s', 'it said', 'look at https://example.org/s3cret');
  expect(lines.join('')).not.toContain('s3cret');
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual([
    undefined,
    'PostgresError',
    'Error while processing: PostgresError',
    'Reply was already sent in the … route',
    'it said: look at https://example.org',
  ]);
});

test('Fastify’s own lines show no URL, no header, and and describe errors as our lines do', async () => {
  const { log, lines } = keepingLogger();
  const app = fastify({ loggerInstance: log });
  app.get('/fails', () => {
    throw Object.assign(new Error('failed for "s3cret"'), { code: '22P02', detail: 's3cret' });
  });
  await app.inject({ url: '/fails?who=s3cret', headers: { authorization: 'Bearer s3cret' } });
  await app.close();
  expect(lines.join('')).toContain('"code":"22P02"');
  expect(lines.join('')).not.toContain('s3cret');
});

test('a line of the SDK’s native core keeps its ids and loses its values', () => {
  const { log, lines, last } = keepingLogger();
  const failure = 'Failure { message: "s3cret", details: b"s3cret" }';
  logSdkLine(log, {
    level: 'ERROR',
    message: `Failing workflow task: ${failure}`,
    meta: { sdkComponent: 'core', run_id: '01a23200', failure, spanContexts: { input: 's3cret' } },
  });
  expect(last()).toMatchObject({
    level: 50,
    msg: 'Failing workflow task: Failure { message: … }',
    sdk: { sdkComponent: 'core', run_id: '01a23200', failure: 'Failure { message: … }' },
  });
  expect(lines.join('')).not.toContain('s3cret');
});
