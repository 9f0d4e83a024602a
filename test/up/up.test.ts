import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { stopOrphans } from '../../src/up/process/orphans.ts';
import { readRunRecord, type RunningChild } from '../../src/up/process/run-record.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { testFolder } from '../support/test-folder.ts';
import { isAlive, type Program, runProgram } from './processes.ts';

/**
 * How long a start may take. It loads TypeScript, makes a database cluster and starts four servers, which takes some
 * seconds on a busy machine.
 */
const startLimitMs = 50_000;

let home: string;
let environment: NodeJS.ProcessEnv;
let programs: Program[];

beforeEach(async () => {
  home = mkdtempSync(join(testFolder(), 'up-'));
  chmodSync(home, 0o711);
  programs = [];
  environment = { CARILLON_HOME: join(home, 'data'), CARILLON_DEMO: '0' };
  for (const name of ['CARILLON_PORT', 'POSTGRES_PORT', 'TEMPORAL_PORT', 'TEMPORAL_UI_PORT'])
    environment[name] = String(await freePort());
});

afterEach(async () => {
  for (const { process: child, exited } of programs) {
    child.kill('SIGKILL');
    await exited;
  }
  if (existsSync(join(home, 'data'))) await stopOrphans(join(home, 'data'));
  rmSync(home, { recursive: true });
});

function start(more: NodeJS.ProcessEnv = {}): Program {
  const program = runProgram('run-up.ts', { ...environment, ...more });
  programs.push(program);
  return program;
}

async function ready(program: Program): Promise<readonly RunningChild[]> {
  await eventually(
    'carillon is ready',
    () => {
      if (program.process.exitCode !== null) throw new Error(program.output());
      return program.output().includes('carillon ready\n');
    },
    startLimitMs,
  );
  return readRunRecord(join(home, 'data'));
}

const pids = (children: readonly RunningChild[]): number[] => children.map(({ pid }) => pid);

const places = (children: readonly RunningChild[]): string[] =>
  children.map(({ role, port }) => `${role} ${port}`).sort();

test('a start brings everything up, a second start is told so, and Ctrl-C stops everything', async () => {
  const program = start();
  const children = await ready(program);
  expect(children.map(({ role }) => role).sort()).toEqual(['api', 'postgres', 'temporal', 'worker']);
  const port = (role: string): number | undefined => children.find((child) => child.role === role)?.port;
  expect(String(port('api'))).toBe(environment['CARILLON_PORT']);
  expect(String(port('postgres'))).toBe(environment['POSTGRES_PORT']);
  expect(statSync(join(home, 'data', 'admin.key')).mode & 0o777).toBe(0o600);
  await eventually('it has said everything', () => program.output().includes('Ctrl-C'));
  expect(program.output()).toContain(`API          http://127.0.0.1:${environment['CARILLON_PORT']}`);
  expect(program.output()).toContain(`Temporal UI  http://127.0.0.1:${environment['TEMPORAL_UI_PORT']}`);

  const second = start();
  expect(await second.exited).toBe(1);
  expect(second.output()).toContain(`already running for ${join(home, 'data')}: pid ${program.pid}, since 20`);
  expect(pids(children).every(isAlive)).toBe(true);

  // npm passes on the signal that the program has already got from the terminal.
  program.process.kill('SIGINT');
  program.process.kill('SIGINT');
  expect(await program.exited).toBe(0);
  expect(program.output().trimEnd().split('\n').at(-1)).toBe('stopped');
  expect(pids(children).some(isAlive)).toBe(false);
  expect(readRunRecord(join(home, 'data'))).toEqual([]);
  expect(readFileSync(join(home, 'data', 'log', 'worker.log'), 'utf8')).toContain('stopping');
});

test('a start after the supervisor was killed stops the processes that it left, and uses the same ports', async () => {
  const killed = start();
  const left = await ready(killed);
  killed.process.kill('SIGKILL');
  await killed.exited;
  expect(pids(left).every(isAlive)).toBe(true);

  const next = start();
  const children = await ready(next);
  expect(next.output()).toContain('stopped what an earlier start left running: ');
  expect(pids(left).some(isAlive)).toBe(false);
  expect(places(children)).toEqual(places(left));
  next.process.kill('SIGTERM');
  expect(await next.exited).toBe(0);
});

test('a start after all processes were killed comes up with the same key and data', async () => {
  const killed = start();
  const left = await ready(killed);
  const key = readFileSync(join(home, 'data', 'admin.key'), 'utf8');
  for (const pid of [killed.pid, ...pids(left)]) process.kill(pid, 'SIGKILL');
  await killed.exited;

  const next = start();
  await ready(next);
  expect(next.output()).not.toContain('starting it again');
  expect(readFileSync(join(home, 'data', 'admin.key'), 'utf8')).toBe(key);
});

test('a failed migration ends the start, shows its log and leaves nothing running', async () => {
  const program = start({ STAND_IN_MIGRATE: '5', CARILLON_ADMIN_KEY: 'given' });
  expect(await program.exited).toBe(1);
  expect(program.output()).toMatch(
    /migrate failed \(exit code 5\); the end of \S+migrate\.log:\n {2}\| migrate \d+ started/,
  );
  expect(readRunRecord(join(home, 'data'))).toEqual([]);
  expect(existsSync(join(home, 'data', 'admin.key'))).toBe(false);
});

test('a port that the user chose and that is taken ends the start before anything runs', async () => {
  const stranger = createServer().listen(Number(environment['TEMPORAL_UI_PORT']), '127.0.0.1');
  await once(stranger, 'listening');
  const program = start();
  expect(await program.exited).toBe(1);
  expect(program.output()).toContain(`port ${environment['TEMPORAL_UI_PORT']} (TEMPORAL_UI_PORT) is taken`);
  expect(existsSync(join(home, 'data', 'postgres'))).toBe(false);
  stranger.close();
});

test('Ctrl-C during the start stops everything that was started, and the exit code is 0', async () => {
  const program = start();
  await eventually('PostgreSQL was begun', () => program.output().includes('starting PostgreSQL'), startLimitMs);
  program.process.kill('SIGINT');
  expect(await program.exited).toBe(0);
  expect(readRunRecord(join(home, 'data'))).toEqual([]);
  expect(program.output()).not.toContain('carillon ready');
});
