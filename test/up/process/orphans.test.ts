import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch } from '../../../src/up/process/child.ts';
import { stopOrphans } from '../../../src/up/process/orphans.ts';
import type { Role } from '../../../src/up/roles.ts';
import { readRunRecord, type RunningChild, runRecordPath, writeRunRecord } from '../../../src/up/process/run-record.ts';
import { signalIfThere, stopProcess } from '../../../src/up/process/stop-process.ts';
import { isAlive, script } from '../processes.ts';

const waiting = 'setInterval(() => undefined, 60000)';

let home: string;
let started: number[];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'orphans-'));
  started = [];
});

afterEach(() => {
  for (const pid of started) signalIfThere(pid, 'SIGKILL');
  rmSync(home, { recursive: true });
});

function begin(role: Role, source: string): RunningChild {
  const { record } = launch(home, script(role, source));
  if (record === undefined) throw new Error('it did not start');
  started.push(record.pid);
  return record;
}

test('processes that an earlier start left are stopped, and the record is emptied', async () => {
  const orphans = (['postgres', 'temporal', 'worker', 'api'] as const).map((role) => begin(role, waiting));
  writeRunRecord(home, orphans);
  expect(await stopOrphans(home)).toEqual(orphans);
  expect(orphans.some(({ pid }) => isAlive(pid))).toBe(false);
  expect(readRunRecord(home)).toEqual([]);
  expect(await stopOrphans(home)).toEqual([]);
});

test('a process that only has the same pid as a recorded one is left alone', async () => {
  const stranger = begin('api', waiting);
  writeRunRecord(home, [{ ...stranger, startTime: '1' }]);
  expect(await stopOrphans(home)).toEqual([]);
  expect(isAlive(stranger.pid)).toBe(true);
});

test('a process that ignores signals gets each of them in turn, and is killed at the end', async () => {
  const deaf = begin('worker', `process.on('SIGTERM', () => undefined); console.log('deaf'); ${waiting}`);
  await stopProcess(deaf, [
    { signal: 'SIGTERM', graceMs: 100 },
    { signal: 'SIGTERM', graceMs: 100 },
  ]);
  expect(isAlive(deaf.pid)).toBe(false);
});

test('an unreadable record ends the start, because processes may still be running', async () => {
  writeFileSync(runRecordPath(home), '{"children":[{"role":"postgres"}]}');
  await expect(stopOrphans(home)).rejects.toThrow('does not say what an earlier start left running');
});
