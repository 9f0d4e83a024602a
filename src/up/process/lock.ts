import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { realpathSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from '../start-error.ts';

/** What the process that holds a lock tells other processes about itself. */
export interface LockHolder {
  readonly pid: number;
  /** RFC 3339. */
  readonly startedAt: string;
  /** URLs by name. Empty until the holder knows its ports. */
  readonly urls: Readonly<Record<string, string>>;
}

export interface Lock {
  release(): Promise<void>;
}

/** Another process holds the lock. `holder` is undefined when the process did not answer within 2 s. */
export class AlreadyRunningError extends StartError {
  override name = 'AlreadyRunningError';
  readonly holder: LockHolder | undefined;

  constructor(home: string, holder: LockHolder | undefined) {
    super(holder === undefined ? `another process holds ${home} and does not answer` : describe(home, holder));
    this.holder = holder;
  }
}

function describe(home: string, { pid, startedAt, urls }: LockHolder): string {
  const at = Object.values(urls)[0];
  return `Carillon is already running for ${home}: pid ${pid}, since ${startedAt}${at === undefined ? ', still starting' : `, ${at}`}`;
}

/**
 * The name of a home's lock. On Linux this is an abstract socket, which the kernel frees when its holder ends for any
 * reason; elsewhere it is a socket file, which may be left behind. The file is in the temporary folder because the path
 * of a socket may have only about 100 characters.
 */
export function lockAddress(home: string, platform: NodeJS.Platform = process.platform): string {
  const name = `carillon-${createHash('sha256').update(realpathSync(home)).digest('hex').slice(0, 32)}`;
  return platform === 'linux' ? `\0${name}` : join(tmpdir(), `${name}.sock`);
}

/**
 * Takes the lock of a home until it is released or this process ends.
 * @param describeHolder called for each process that finds the lock taken.
 * @throws AlreadyRunningError when a living process holds the lock.
 */
export async function takeLock(
  home: string,
  describeHolder: () => LockHolder,
  address: string = lockAddress(home),
): Promise<Lock> {
  // The holder may end between the failed bind and the question to it. The lock is then free, and the next try takes
  // it.
  for (let tries = 0; tries < 10; tries += 1) {
    const server = await bind(address, describeHolder);
    if (server !== undefined) return { release: () => close(server) };
    const answer = await ask(address);
    if (answer !== 'nobody') throw new AlreadyRunningError(home, answer === 'silent' ? undefined : answer);
    if (!address.startsWith('\0')) removeStale(address);
    await sleep(20);
  }
  throw new AlreadyRunningError(home, undefined);
}

async function bind(address: string, describeHolder: () => LockHolder): Promise<Server | undefined> {
  const server = createServer((socket) => {
    // The other process hung up early. It has its answer or does not need one.
    socket.on('error', () => socket.destroy());
    socket.end(`${JSON.stringify(describeHolder())}\n`);
  });
  server.unref();
  try {
    await once(server.listen(address), 'listening');
    return server;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
}

async function ask(address: string): Promise<LockHolder | 'nobody' | 'silent'> {
  const socket = connect(address);
  socket.setEncoding('utf8').setTimeout(2_000, () => socket.destroy());
  let text = '';
  try {
    for await (const chunk of socket) text += chunk;
    return text.endsWith('\n') ? (JSON.parse(text) as LockHolder) : 'silent';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // The time limit destroyed the socket.
    if (code === 'ERR_STREAM_PREMATURE_CLOSE') return 'silent';
    if (code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'ECONNRESET') return 'nobody';
    throw error;
  }
}

function removeStale(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

async function close(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}
