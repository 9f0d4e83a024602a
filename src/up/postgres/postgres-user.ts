import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SystemUser } from '../process/child.ts';
import { StartError } from '../start-error.ts';

/** How PostgreSQL's programs are started. */
export interface PostgresRunner {
  /** Who owns the data; undefined: we do. */
  readonly owner: SystemUser | undefined;
  /** Whom to spawn as; undefined: as we are, since `command` changes the user or nobody has to. */
  readonly user: SystemUser | undefined;
  command(program: string, args: readonly string[]): Command;
}

type Command = readonly [string, ...string[]];

const userName = 'postgres';

/** Bits of `CapBnd` in /proc/self/status, the weaker right first. Containers often have only the second. */
const passRights = [
  { name: 'dac_read_search', bit: 2n },
  { name: 'dac_override', bit: 1n },
] as const;

/**
 * PostgreSQL refuses to run as root, so root lends it another user: the one who owns the data, else `postgres`, who is
 * created when missing.
 * @param folders that this user must be able to enter.
 * @throws StartError where no user can be had, or none that can enter the folders.
 */
export function postgresRunner(dataFolder: string, folders: readonly string[]): PostgresRunner {
  const command = (program: string, args: readonly string[]): Command => [program, ...args];
  if (process.getuid?.() !== 0) return { owner: undefined, user: undefined, command };
  const user = ownerOf(dataFolder) ?? findUser() ?? createUser();
  const closed = folders.flatMap(withParents).find((folder) => !canEnter(folder, user));
  return closed === undefined ? { owner: user, user, command } : runnerWithRights(user, closed);
}

/**
 * A clone below /root is closed to every other user. Root can hand on the right to pass through closed folders to
 * this one program; `no_setuid_fixup`, because access(2) ignores such a right otherwise.
 */
function runnerWithRights(owner: SystemUser, closed: string): PostgresRunner {
  const { uid, gid } = owner;
  const bound = boundRights();
  const right = passRights.find(({ bit }) => (bound >> bit) & 1n)?.name;
  const lend = [
    '--securebits=+no_setuid_fixup',
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    `--inh-caps=-all,+${right}`,
    `--ambient-caps=-all,+${right}`,
    `--bounding-set=-all,+${right}`,
    '--',
  ];
  if (right === undefined || !works('setpriv', [...lend, 'true']))
    throw new StartError(
      `PostgreSQL does not run as root, and the user ${uid} that it would run as may not enter ${closed}. ` +
        `Clone Carillon elsewhere (/opt or /srv), run it as another user than root, or set DATABASE_URL to a server.`,
    );
  return { owner, user: undefined, command: (program, args) => ['setpriv', ...lend, program, ...args] };
}

/** What this process may hand on at all; elsewhere than on Linux there is no such thing. */
function boundRights(): bigint {
  if (process.platform !== 'linux') return 0n;
  const [, bits = '0'] = /^CapBnd:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return BigInt(`0x${bits}`);
}

function works(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore', cwd: '/' });
    return true;
  } catch {
    // Not installed, or not allowed here: both mean that this way is closed, and the caller says so.
    return false;
  }
}

function ownerOf(folder: string): SystemUser | undefined {
  const stat = statSync(folder, { throwIfNoEntry: false });
  return stat === undefined || stat.uid === 0 ? undefined : { uid: stat.uid, gid: stat.gid };
}

function findUser(): SystemUser | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${userName}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

function createUser(): SystemUser {
  try {
    execFileSync(
      'useradd',
      ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', userName],
      {
        stdio: 'pipe',
      },
    );
  } catch (cause) {
    throw new StartError(
      `PostgreSQL does not run as root, and the user "${userName}" for it could not be created (useradd failed). ` +
        `Create it, run Carillon as another user than root, or set DATABASE_URL to a server.`,
      { cause },
    );
  }
  const user = findUser();
  if (user === undefined) throw new StartError(`useradd created no user "${userName}" in /etc/passwd`);
  return user;
}

function withParents(folder: string): readonly string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [...withParents(parent), folder];
}

function canEnter(folder: string, { uid, gid }: SystemUser): boolean {
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) return true;
  const shift = stat.uid === uid ? 6 : stat.gid === gid ? 3 : 0;
  return ((stat.mode >> shift) & 1) === 1;
}
