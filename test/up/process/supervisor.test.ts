import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Role } from '../../../src/up/roles.ts';
import { readRunRecord } from '../../../src/up/process/run-record.ts';
import { createSupervisor } from '../../../src/up/process/supervisor.ts';
import { eventually } from '../../support/eventually.ts';
import { isAlive, script } from '../processes.ts';

const fast = { firstMs: 10, mostMs: 40, resetAfterMs: 60_000 };

let home: string;
let said: string[];

const say = (line: string): void => void said.push(line);

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'supervisor-'));
  said = [];
});

afterEach(() => rmSync(home, { recursive: true }));

/**
 * A program that waits for a signal and then writes its role to a file of ends. Each takes 100 ms to end, so that the
 * order of their ends shows.
 */
const waiter = (role: Role): string => `
  const { appendFileSync } = require('node:fs');
  process.on('SIGTERM', end); process.on('SIGINT', end);
  function end() { setTimeout(() => { appendFileSync(${JSON.stringify(join(home, 'ends'))}, '${role} '); process.exit(0); }, 100); }
  setInterval(() => undefined, 60000);
  console.log('ready');
`;

const logOf = (role: Role): string => {
  const path = join(home, 'log', `${role}.log`);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};

test('a child that dies is started again, each time later, and a line names its exit, wait and log', async () => {
  const supervisor = createSupervisor(home, say, fast);
  supervisor.start(script('worker', 'console.log("tried"); process.exit(3)'));
  await eventually('five failures', () => supervisor.failures('worker') >= 5);
  await supervisor.stop();
  const log = join(home, 'log', 'worker.log');
  expect(said.slice(0, 5)).toEqual(
    [0.01, 0.02, 0.04, 0.04, 0.04].map(
      (seconds) => `worker ended (exit code 3); starting it again in ${seconds} s; its log: ${log}`,
    ),
  );
  expect(logOf('worker').split('tried').length).toBeGreaterThan(4);
});

test('a child that ran for long enough is started again after the shortest wait', async () => {
  const supervisor = createSupervisor(home, say, { ...fast, resetAfterMs: 0 });
  supervisor.start(script('worker', 'process.kill(process.pid, "SIGKILL")'));
  await eventually('three lines', () => said.length >= 3);
  await supervisor.stop();
  expect(said[2]).toContain('worker ended (SIGKILL); starting it again in 0.01 s');
});

test.each([
  ['simulate', 'ENOENT'],
  // This role runs under nice(1), whose exit code is reported.
  ['temporal', 'exit code 127'],
] as const)('a missing program of %s is reported like any other failure', async (role, reason) => {
  const supervisor = createSupervisor(home, say, fast);
  supervisor.start({ role, command: ['/nowhere/program'], env: {} });
  await eventually('two failures', () => supervisor.failures(role) >= 2);
  await supervisor.stop();
  expect(readRunRecord(home)).toEqual([]);
  expect(said[0]).toContain(reason);
});

test('the supervisor stops its children in order and empties the record', async () => {
  const supervisor = createSupervisor(home, say, fast);
  const roles = ['postgres', 'temporal', 'simulate', 'api', 'worker'] as const;
  for (const role of roles) supervisor.start({ ...script(role, waiter(role)), port: 4711 });
  await eventually('all are up', () => roles.every((role) => logOf(role).includes('ready')));
  const record = readRunRecord(home);
  expect(record.map(({ role, port }) => [role, port])).toEqual(roles.map((role) => [role, 4711]));
  expect(record.every(({ pid }) => isAlive(pid))).toBe(true);
  await supervisor.stop();
  expect(readFileSync(join(home, 'ends'), 'utf8').trim().split(' ')).toEqual([
    'api',
    'worker',
    'simulate',
    'temporal',
    'postgres',
  ]);
  expect(record.some(({ pid }) => isAlive(pid))).toBe(false);
  expect(readRunRecord(home)).toEqual([]);
  expect(said).toEqual([]);
});

test('a second signal kills children that ignore the first, with the processes that they started', async () => {
  const supervisor = createSupervisor(home, say, fast);
  const deaf = `process.on('SIGTERM', () => undefined); setInterval(() => undefined, 60000);`;
  const parent = `
    const { spawn } = require('node:child_process');
    ${deaf}
    console.log('child ' + spawn(process.execPath, ['-e', ${JSON.stringify(deaf)}]).pid + ' ');`;
  supervisor.start(script('worker', parent));
  const [, child] = await eventually('the child is up', () => /child (\d+) /.exec(logOf('worker')) ?? undefined);
  const hurry = new AbortController();
  const stopped = supervisor.stop(hurry.signal);
  hurry.abort();
  await stopped;
  await eventually('the child is gone', () => !isAlive(Number(child)));
});

test('a one-shot child runs once, and the supervisor returns its exit code', async () => {
  const supervisor = createSupervisor(home, say, fast);
  expect(await supervisor.run(script('migrate', 'process.exit(7)'))).toBe(7);
  expect(await supervisor.run(script('migrate', ''))).toBe(0);
  expect(readRunRecord(home)).toEqual([]);
  await supervisor.stop();
  expect(() => supervisor.start(script('api', ''))).toThrow('stopping');
});
