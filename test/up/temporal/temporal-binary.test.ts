import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import type { Screen } from '../../../src/up/screen.ts';
import { NoTemporalError, temporalBinary, type TemporalSource } from '../../../src/up/temporal/temporal-binary.ts';
import { temporalCachePath, temporalSources } from '../../../src/up/temporal/temporal-sources.ts';

const never = new AbortController().signal;
const temporal = '#!/bin/sh\necho "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)"\n';

let folder: string;
let before: Pick<NodeJS.ProcessEnv, 'PATH' | 'XDG_CACHE_HOME'>;
let said: string[];
let screen: Screen;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'temporal-binary-'));
  before = { PATH: process.env.PATH, XDG_CACHE_HOME: process.env.XDG_CACHE_HOME };
  process.env.XDG_CACHE_HOME = join(folder, 'cache');
  process.env.PATH = `${folder}/bin:/usr/bin:/bin`;
  said = [];
  screen = { live: false, say: (line) => void said.push(line), progress: () => undefined };
  mkdirSync(join(folder, 'bin'));
});

afterEach(() => {
  for (const name of ['PATH', 'XDG_CACHE_HOME'] as const) {
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  }
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

function program(path: string, text: string): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text, { mode: 0o755 });
}

/** Replaces the download site with this answer. */
function site(answer: () => Promise<Response>): jest.SpyInstance {
  return jest.spyOn(globalThis, 'fetch').mockImplementation(answer);
}

const unreachable = (): Promise<Response> =>
  Promise.reject(new TypeError('fetch failed', { cause: new Error('getaddrinfo ENOTFOUND temporal.download') }));

describe('the order of the sources of Temporal', () => {
  const source = (name: string, find: TemporalSource['find'], limitMs = 1_000): TemporalSource => ({
    name,
    limitMs,
    find,
  });

  test('the first source of Temporal that works is used, and later ones are not tried', async () => {
    const last = jest.fn(() => Promise.resolve('/last'));
    const sources = [
      source('a', () => Promise.reject(new Error('not here'))),
      source('b', () => Promise.resolve('/second')),
      source('c', last),
    ];
    expect(await temporalBinary(sources, never)).toBe('/second');
    expect(last).not.toHaveBeenCalled();
  });

  test('a source of Temporal that takes too long is given up', async () => {
    const hanging = source('a', () => new Promise(() => undefined), 20);
    expect(await temporalBinary([hanging, source('b', () => Promise.resolve('/b'))], never)).toBe('/b');
    await expect(temporalBinary([hanging], never)).rejects.toThrow('2. a: not done within 0.02 s');
  });

  test('Ctrl-C ends the search for Temporal, and the next source is not tried', async () => {
    const stop = new AbortController();
    const next = jest.fn(() => Promise.resolve('/b'));
    const hanging = source('a', () => new Promise(() => undefined));
    const search = temporalBinary([hanging, source('b', next)], stop.signal);
    stop.abort(new Error('stopped'));
    await expect(search).rejects.toThrow('stopped');
    expect(next).not.toHaveBeenCalled();
  });
});

test('the error without any Temporal names all five sources and why each failed', async () => {
  site(unreachable);
  const error: unknown = await temporalBinary(temporalSources(screen), never).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(NoTemporalError);
  expect((error as Error).message).toBe(
    [
      'no Temporal server could be had. Any one of these ways would do:',
      '  1. TEMPORAL_ADDRESS, for a server that runs already: not set',
      '  2. `temporal` on PATH: not found',
      `  3. an earlier build or download, ${temporalCachePath()}: not there`,
      '  4. download of the Temporal CLI from temporal.download: fetch failed: getaddrinfo ENOTFOUND temporal.download',
      '  5. `go build` in tools/temporal (needs Go; about 6 minutes, once): go: not found',
    ].join('\n'),
  );
});

test('`temporal` on PATH is preferred, unless its server is too old', async () => {
  program(join(folder, 'bin', 'temporal'), temporal);
  program(temporalCachePath(), temporal);
  expect(await temporalBinary(temporalSources(screen), never)).toBe(join(folder, 'bin', 'temporal'));
  program(join(folder, 'bin', 'temporal'), temporal.replace('1.29.1', '1.26.2'));
  expect(await temporalBinary(temporalSources(screen), never)).toBe(temporalCachePath());
});

test('a downloaded Temporal is unpacked into the cache, where later starts find it', async () => {
  program(join(folder, 'release', 'temporal'), temporal);
  const archive = execFileSync('tar', ['-czf', '-', '-C', join(folder, 'release'), 'temporal']);
  const fetched = site(() => Promise.resolve(new Response(archive)));
  expect(await temporalBinary(temporalSources(screen), never)).toBe(temporalCachePath());
  expect(await temporalBinary(temporalSources(screen), never)).toBe(temporalCachePath());
  expect(fetched).toHaveBeenCalledTimes(1);
});

test('Temporal is built when it cannot be downloaded, and each build writes a file of its own', async () => {
  site(unreachable);
  const build = `printf '%s' '${temporal}' > "$3"; chmod 755 "$3"`;
  const log = join(folder, 'go.log');
  program(join(folder, 'bin', 'go'), `#!/bin/sh\necho "$PWD $*" >> ${log}\n[ "$1" = build ] || exit 0\n${build}\n`);
  const path = await temporalBinary(temporalSources(screen), never);
  expect(path).toBe(temporalCachePath());
  expect(said).toEqual(['building Temporal with Go (about 6 minutes, once): 0:00']);
  const building = `${path}.building.${process.pid}`;
  expect(readFileSync(log, 'utf8')).toContain(
    `/tools/temporal build -o ${building} github.com/temporalio/cli/cmd/temporal`,
  );
  expect(existsSync(building)).toBe(false);
});

test('a failed build of Temporal is reported with its last line and leaves nothing behind', async () => {
  site(unreachable);
  program(
    join(folder, 'bin', 'go'),
    '#!/bin/sh\n[ "$1" = build ] || exit 0\necho first\necho "no space left" >&2\nexit 1\n',
  );
  await expect(temporalBinary(temporalSources(screen), never)).rejects.toThrow('once): go: no space left');
  expect(existsSync(temporalCachePath())).toBe(false);
});

test('the next build removes what a killed build of Temporal left', async () => {
  site(unreachable);
  const left = `${temporalCachePath()}.building.999999999`;
  program(left, 'half');
  program(join(folder, 'bin', 'go'), '#!/bin/sh\nexit 1\n');
  await expect(temporalBinary(temporalSources(screen), never)).rejects.toThrow(NoTemporalError);
  expect(existsSync(left)).toBe(false);
});
