import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs the work while no other process runs it for this folder, because two installs at the same time destroy each
 * other. The lock is a socket in Linux's abstract namespace, which disappears with its process. Other systems have no
 * lock.
 */
export async function oneAtATime(folder, work) {
  if (process.platform !== 'linux') return work();
  const name = `\0carillon-prepare-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}`;
  const server = await takeTurn(name);
  try {
    return await work();
  } finally {
    server.close();
  }
}

async function takeTurn(name) {
  for (let told = false; ; told = true) {
    const server = createServer();
    try {
      await once(server.listen(name), 'listening');
      return server;
    } catch (error) {
      if (error.code !== 'EADDRINUSE') throw error;
    }
    if (!told) console.log('waiting for another install or build of this clone…');
    await sleep(300);
  }
}
