import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { StartError } from './start-error.ts';

export interface PortRequest {
  /** The environment variable that sets the port. */
  readonly variable: string;
  readonly port: number;
  /** Whether the user set the variable. Then no other port is tried. */
  readonly given: boolean;
  /** The address to listen on. 127.0.0.1 by default. */
  readonly host?: string;
}

/** How many higher ports are tried when a port is taken. */
const searchWidth = 100;

/** Whether a server could listen on the port now. */
export async function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen({ port, host }), 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return true;
}

/** Whether a server on this machine accepts connections on the port. */
export async function isPortOpen(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return false;
    throw error;
  } finally {
    socket.destroy();
  }
}

/**
 * Chooses a different port for each request of one start. The ports that the user gave come first, because only the
 * others can be changed.
 * @param say gets a line when another port than the usual one is used.
 * @throws StartError naming the port and the variable that sets it.
 */
export async function choosePorts<Requests extends Readonly<Record<string, PortRequest>>>(
  requests: Requests,
  say: (line: string) => void,
): Promise<{ readonly [Name in keyof Requests]: number }> {
  const entries: [string, PortRequest][] = Object.entries(requests);
  const chosen = new Map<string, number>();
  for (const [name, request] of [...entries].sort(([, a], [, b]) => Number(b.given) - Number(a.given))) {
    const port = await choosePort(request, [...chosen.values()]);
    if (port !== request.port)
      say(`port ${request.port} is taken: using ${port} (${request.variable} chooses another)`);
    chosen.set(name, port);
  }
  return Object.fromEntries(chosen) as { [Name in keyof Requests]: number };
}

async function choosePort({ variable, port, given, host }: PortRequest, chosen: readonly number[]): Promise<number> {
  const last = given ? port : Math.min(port + searchWidth, 65_535);
  for (let candidate = port; candidate <= last; candidate += 1)
    if (!chosen.includes(candidate) && (await isPortFree(candidate, host))) return candidate;
  throw new StartError(
    given
      ? `port ${port} (${variable}) is taken by another program: stop that, or set ${variable} to a free port`
      : `ports ${port} to ${last} are all taken: set ${variable} to a free port`,
  );
}
