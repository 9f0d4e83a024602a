import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AlreadyRunningError, lockAddress, takeLock } from '../../../src/up/process/lock.ts';
import { eventually } from '../../support/eventually.ts';
import { type Program, runProgram } from '../processes.ts';

const startedAt = '2026-01-02T03:04:05.000Z';
const holder = { pid: 4711, startedAt, urls: { api: 'http://127.0.0.1:8080', docs: 'http://127.0.0.1:8080/docs' } };

let home: string;
let programs: Program[];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'lock-'));
  programs = [];
});

afterEach(async () => {
  await Promise.all(programs.map(kill));
  rmSync(home, { recursive: true });
});

/** Starts another process that holds the lock. */
async function holdElsewhere(...address: string[]): Promise<Program> {
  const program = runProgram('hold-lock.ts', {}, home, ...address);
  programs.push(program);
  await eventually('the lock is held', () => program.output().includes('held'));
  return program;
}

async function kill({ process: child, exited }: Program): Promise<void> {
  child.kill('SIGKILL');
  await exited;
}

test('a second holder of the lock is told who holds it, since when and at which address', async () => {
  const lock = await takeLock(home, () => holder);
  const refused = await takeLock(home, () => holder).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(AlreadyRunningError);
  expect((refused as AlreadyRunningError).holder).toEqual(holder);
  expect((refused as Error).message).toBe(
    `Carillon is already running for ${home}: pid 4711, since ${startedAt}, http://127.0.0.1:8080`,
  );
  await lock.release();
});

test('a released lock can be taken again, and another home has another lock', async () => {
  const other = mkdtempSync(join(tmpdir(), 'lock-'));
  const lock = await takeLock(home, () => holder);
  await (await takeLock(other, () => holder)).release();
  await lock.release();
  await (await takeLock(home, () => holder)).release();
  rmSync(other, { recursive: true });
});

test('the lock of a killed process is free', async () => {
  const program = await holdElsewhere();
  await expect(takeLock(home, () => holder)).rejects.toThrow(`pid ${program.pid}`);
  await kill(program);
  await (await takeLock(home, () => holder)).release();
});

test('a lock file that a killed process left is taken over on systems where locks are files', async () => {
  const address = lockAddress(home, 'darwin');
  const program = await holdElsewhere(address);
  await expect(takeLock(home, () => holder, address)).rejects.toThrow(AlreadyRunningError);
  await kill(program);
  const lock = await takeLock(home, () => holder, address);
  await expect(takeLock(home, () => holder, address)).rejects.toThrow(AlreadyRunningError);
  await lock.release();
});

test('a process that hangs keeps its lock', async () => {
  const program = await holdElsewhere();
  program.process.kill('SIGSTOP');
  await expect(takeLock(home, () => holder)).rejects.toThrow('does not answer');
});
