import { goTool, toxiproxyServer } from '../support/go-tools.ts';
import { freePort } from '../support/free-port.ts';
import type { Processes } from './processes.ts';
import { connectToxiproxy, type Toxiproxy } from './toxiproxy.ts';

/** The connections that a fault can break. */
export const linkNames = ['api-postgres', 'worker-postgres', 'temporal', 'sinks'] as const;
export type LinkName = (typeof linkNames)[number];

export interface Links {
  /** Address to connect to, `host:port`: the proxy, or the server itself when there are no proxies. */
  readonly address: Readonly<Record<LinkName, string>>;
  readonly toxiproxy: Toxiproxy | undefined;
  /** Why there are no proxies. */
  readonly missing?: string;
}

/** Puts a proxy before each address. If Toxiproxy cannot be built, it says so, and the connections are direct. */
export async function openLinks(
  home: string,
  processes: Processes,
  say: (line: string) => void,
  upstream: Readonly<Record<LinkName, string>>,
): Promise<Links> {
  let program: string;
  try {
    program = await goTool(toxiproxyServer);
  } catch (error) {
    const missing = (error as Error).message;
    say(`NO NETWORK FAULTS IN THIS RUN: Toxiproxy is not there and cannot be built: ${missing}`);
    return { address: upstream, toxiproxy: undefined, missing };
  }
  const port = await freePort();
  await processes.start('toxiproxy', () => ({
    role: 'simulate',
    command: [program, '-host', '127.0.0.1', '-port', String(port)],
    env: { LOG_LEVEL: 'error' },
    cwd: home,
  }));
  const toxiproxy = connectToxiproxy(port);
  await toxiproxy.ready();
  const entries: [string, string][] = [];
  for (const name of linkNames) {
    const listen = await freePort();
    await toxiproxy.create(name, listen, upstream[name]);
    entries.push([name, `127.0.0.1:${listen}`]);
  }
  return { address: Object.fromEntries(entries) as Record<LinkName, string>, toxiproxy };
}
