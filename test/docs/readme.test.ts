import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { configFields } from '../../src/config-fields.ts';
import { createScreen } from '../../src/up/screen.ts';
import { temporalBinary } from '../../src/up/temporal/temporal-binary.ts';
import { temporalSources } from '../../src/up/temporal/temporal-sources.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { testFolder } from '../support/test-folder.ts';
import { shellBlocks, type ShellBlock } from './shell-blocks.ts';

const root = join(__dirname, '../..');
const blocks = shellBlocks(readFileSync(join(root, 'README.md'), 'utf8'));
const titleOf = ({ line, script }: ShellBlock): string => `line ${line}: ${script.split('\n', 1)[0]}`;

const startLimitMs = 180_000;

describe('the commands of README.md', () => {
  it.each(blocks.map((block) => [titleOf(block), block] as const))('bash can parse README.md, %s', (_, { script }) => {
    execFileSync('bash', ['-n'], { input: script });
  });

  it('every command of README.md has a mark that says when this test runs it', () => {
    expect(blocks.length).toBeGreaterThan(10);
    expect(blocks.filter(({ run }) => run === undefined).map(titleOf)).toEqual([]);
  });
});

describe('the tour of README.md', () => {
  let home: string;
  /** Carillon as the reader starts it in the first terminal. It is another process after a restart. */
  let carillon: ChildProcess;
  /** The environment of the reader's second terminal. */
  let terminal: NodeJS.ProcessEnv;
  let ports: Record<string, number>;

  async function start(): Promise<void> {
    // Removes our variables that may be set around this test, because the tour uses the defaults for all but the ports.
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => configFields.every((field) => field.name !== name)),
    );
    const own = { ...ports, CARILLON_HOME: home };
    const child = spawn(process.execPath, [join(root, 'dist/src/main.js'), 'up'], {
      cwd: root,
      env: { ...env, ...Object.fromEntries(Object.entries(own).map(([name, value]) => [name, String(value)])) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
    carillon = child;
    await eventually(
      'carillon ready, with its demo',
      () => {
        if (child.exitCode !== null) throw new Error(`npm start ended:\n${text}`);
        return text.includes('carillon ready') && text.includes('demo message');
      },
      startLimitMs,
    );
  }

  async function stop(): Promise<void> {
    if (carillon.exitCode !== null) return;
    const exited = once(carillon, 'exit');
    carillon.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  }

  /** Replaces the usual ports and folder of a script, so that this Carillon cannot collide with another one. */
  function here(script: string): string {
    return script
      .replaceAll('127.0.0.1:8080', `127.0.0.1:${ports['CARILLON_PORT']}`)
      .replaceAll('127.0.0.1:8090', `127.0.0.1:${ports['SIMULATORS_PORT']}`)
      .replaceAll('.carillon/', `${home}/`);
  }

  /** Runs a block with the variables that earlier blocks have set, as in one terminal. */
  async function type(script: string): Promise<string> {
    const variables = join(home, 'terminal.sh');
    const whole = `set -a; . ${variables}\n${here(script)}\nexport -p > ${variables}`;
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', whole], { env: terminal });
    return stdout;
  }

  async function follow({ script, expect: wanted, isRepeated }: ShellBlock): Promise<void> {
    if (!isRepeated) {
      const output = await type(script);
      for (const text of wanted) expect(output).toContain(text);
      return;
    }
    let output = '';
    await eventually(`${script} shows ${wanted.join(' ')}`, async () => {
      output = await type(script);
      return wanted.every((text) => output.includes(text));
    }).catch((error: unknown) => {
      throw new Error(`it showed: ${output}`, { cause: error });
    });
  }

  beforeAll(async () => {
    home = mkdtempSync(join(testFolder(), 'carillon-test-readme-'));
    chmodSync(home, 0o711); // as root, PostgreSQL runs as another user, which must be able to enter the folder
    writeFileSync(join(home, 'terminal.sh'), '');
    const variables = ['CARILLON_PORT', 'POSTGRES_PORT', 'TEMPORAL_PORT', 'TEMPORAL_UI_PORT', 'SIMULATORS_PORT'];
    ports = Object.fromEntries(await Promise.all(variables.map(async (name) => [name, await freePort()] as const)));
    const temporal = await temporalBinary(temporalSources(createScreen()), new AbortController().signal);
    terminal = {
      ...process.env,
      PATH: [dirname(temporal), process.env['PATH']].join(delimiter),
      TEMPORAL_ADDRESS: `127.0.0.1:${ports['TEMPORAL_PORT']}`,
    };
    // Ends Carillon when the test run is stopped early.
    process.once('exit', () => carillon.kill('SIGTERM'));
    await start();
  }, startLimitMs);

  afterAll(async () => {
    await stop();
    rmSync(home, { recursive: true });
  }, 60_000);

  const of = (run: ShellBlock['run']) =>
    blocks.filter((block) => block.run === run).map((block) => [titleOf(block), block] as const);

  it.each(of('now'))('a command of README.md does what the page says, %s', (_, block) => follow(block));

  it(
    'Carillon stops and starts again during the tour of README.md',
    async () => {
      await stop();
      await start();
    },
    startLimitMs,
  );

  it.each(of('after a restart'))('a command of README.md works after a restart, %s', (_, block) => follow(block));
});
