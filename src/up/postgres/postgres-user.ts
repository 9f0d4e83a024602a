import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SystemUser } from '../process/child.ts';
import { StartError } from '../start-error.ts';

/** How to start PostgreSQL's programs as a user that may run them. */
export interface PostgresRunner {
  /** The owner of the data. Undefined when it is the user of this process. */
  readonly owner: SystemUser | undefined;
  /**
   * The user to spawn as. Undefined when the program starts as the user of this process, because no change is needed or
   * `command` makes the change.
   */
  readonly user: SystemUser | undefined;
  command(program: string, args: readonly string[]): Command;
}

type Command = readonly [string, ...string[]];

const userName = 'postgres';

/** Bits of `CapBnd` in /proc/self/status, the weaker right first. Containers often have only the second one. */
const passRights = [
  { name: 'dac_read_search', bit: 2n },
  { name: 'dac_override', bit: 1n },
] as const;

/**
 * PostgreSQL refuses to run as root. For root this finds another user: the owner of the data, or else `postgres`, which
 * is created if it does not exist.
 * @param folders the folders that this user must be able to enter.
 * @throws StartError when there is no such user, or it cannot enter the folders.
 */
export function postgresRunner(dataFolder: string, folders: readonly string[]): PostgresRunner {
  const command = (program: string, args: readonly string[]): Command => [program, ...args];
  if (process.getuid?.() !== 0) return { owner: undefined, user: undefined, command };
  const user = ownerOf(dataFolder) ?? findUser() ?? createUser();
  const closed = folders.flatMap(withParents).find((folder) => !canEnter(folder, user));
  return closed === undefined ? { owner: user, user, command } : runnerWithRights(user, closed);
}

/**
 * Other users cannot enter a clone below /root. Root may lend this one program the right to pass through closed
 * folders. It needs `no_setuid_fixup`, because access(2) ignores the right otherwise.
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

/** The capabilities that this process may pass on. There are none outside Linux. */
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
    // The program is not installed or not allowed here. Either way the caller reports that this method does not work.
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
