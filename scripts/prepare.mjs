import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hydratePostgres } from './hydrate-postgres.mjs';
import { oneAtATime } from './one-at-a-time.mjs';
import { runStep } from './run-step.mjs';
import { hashOf, isStamped, writeStamp } from './stamp.mjs';

const leastNode = [20, 19];

const installStamp = join('node_modules', '.carillon-install');
const buildStamp = join('dist', '.carillon-build');

/** What a build depends on. Documentation and tests can change without a build. */
const buildInputs = [
  'src',
  'scripts/bundle.mjs',
  'tsconfig.json',
  'tsconfig.build.json',
  'package.json',
  'package-lock.json',
];

/**
 * Installs and builds a clone where something is missing or older than its sources. Leaves the working directory at the
 * clone.
 */
export async function prepare() {
  refuseOldNode();
  const root = realpathSync(join(dirname(fileURLToPath(import.meta.url)), '..'));
  process.chdir(root);
  await oneAtATime(root, async () => {
    await install();
    hydratePostgres();
    await build();
  });
}

function refuseOldNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1])) return;
  console.error(`Carillon needs Node ${leastNode.join('.')} or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

async function install() {
  const hash = hashOf(['package-lock.json']);
  if (isStamped(installStamp, hash)) return;
  // The build needs development dependencies such as the compiler, whatever NODE_ENV says.
  if (!installedByHand()) await runNpm('installing', ['ci', '--include=dev', '--no-audit', '--no-fund']);
  writeStamp(installStamp, hash);
}

/**
 * Whether the last install is newer than the lock file and so belongs to it. npm writes this list at the end of an
 * install.
 */
function installedByHand() {
  const list = join('node_modules', '.package-lock.json');
  return existsSync(list) && statSync(list).mtimeMs >= statSync('package-lock.json').mtimeMs;
}

async function build() {
  const hash = hashOf(buildInputs);
  if (isStamped(buildStamp, hash)) return;
  await runNpm('building', ['run', '--silent', 'build']);
  writeStamp(buildStamp, hash);
}

/** Runs npm: the one that runs this script, or the one on PATH. */
async function runNpm(title, args) {
  const own = process.env.npm_execpath;
  if (own?.endsWith('npm-cli.js')) await runStep(title, process.execPath, [own, ...args]);
  else await runStep(title, 'npm', args);
}
