import { relative } from 'node:path';
import type { Config } from '../config.ts';
import type { Ports } from './program.ts';

/** The URLs that a user may open, by name, with the API first. A second start shows them as well. */
export function urlsOf(config: Config, ports: Ports): Readonly<Record<string, string>> {
  const local = (port: number): string => `http://127.0.0.1:${port}`;
  return {
    api: apiUrl(config, ports),
    docs: `${apiUrl(config, ports)}/docs`,
    ...(ports.temporalUi === undefined ? {} : { temporalUi: local(ports.temporalUi) }),
    ...(ports.simulate === undefined ? {} : { simulators: local(ports.simulate) }),
  };
}

/** The URL of the API on this machine. An API that listens on all addresses also listens on the loopback. */
export function apiUrl({ host }: Config, ports: Ports): string {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${ports.api}`;
}

/** The lines that tell the user that the start is done, what to open, and one command to try. */
export function announcement(config: Config, ports: Ports): readonly string[] {
  const { api, temporalUi, simulators } = urlsOf(config, ports);
  const keyFile = shown(`${config.home}/admin.key`);
  const key = config.adminKey === undefined ? `$(cat ${keyFile})` : '$CARILLON_ADMIN_KEY';
  const auth = `-H "Authorization: Bearer ${key}"`;
  const post = `-H 'Content-Type: application/json' -d '{"text":"**Hello** from Carillon","destinations":["demo-orders"]}'`;
  return [
    'carillon ready',
    `  API          ${api}  (reference ${api}/docs)`,
    `  Temporal UI  ${temporalUi ?? `of the server at ${config.temporalAddress}`}`,
    ...(simulators === undefined ? [] : [`  simulators   ${simulators}  (six rooms, bridged: type in one)`]),
    `  admin key    ${config.adminKey === undefined ? keyFile : 'as given in CARILLON_ADMIN_KEY'}`,
    `  logs         ${shown(`${config.home}/log`)}/`,
    '  try',
    simulators === undefined ? `    curl ${auth} ${api}/v1/messages` : `    curl ${auth} ${post} ${api}/v1/messages`,
    'Ctrl-C stops all of it; the data stays.',
  ];
}

/** The shortest form of a path that works from the current folder. */
function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}
