import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { temporalCachePath } from '../../src/up/temporal/temporal-sources.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';

const run = promisify(execFile);
const version = '1.163.2';

/** Returns a Python with Synapse. Installs it, in about a minute, unless an earlier run of this user has done so. */
async function synapsePython(): Promise<string> {
  const target = join(dirname(dirname(temporalCachePath())), `synapse-${version}`);
  const python = (folder: string): string => join(folder, 'bin', 'python');
  if (existsSync(target)) return python(target);
  const partial = `${target}.${process.pid}`;
  await run('python3', ['-m', 'venv', partial]);
  const packages = [`matrix-synapse==${version}`];
  await run(python(partial), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]);
  await rename(partial, target);
  return python(target);
}

/** The values of an application service's registration. */
export interface Registration {
  readonly url: string;
  readonly asToken: string;
  readonly hsToken: string;
}

/** A person with a client. */
export interface MatrixUser {
  readonly id: string;
  call(method: string, path: string, body?: object): Promise<Record<string, unknown>>;
}

export interface Synapse {
  /** Address without a slash at the end. */
  readonly url: string;
  user(name: string): Promise<MatrixUser>;
  stop(): Promise<void>;
}

export const synapseServer = 'real.example';

/** Starts a real homeserver with one application service, on a port and in a folder of its own. */
export async function startSynapse({ url: hook, asToken, hsToken }: Registration): Promise<Synapse> {
  const python = await synapsePython();
  const [dir, port] = [await mkdtemp(join(tmpdir(), 'carillon-synapse-')), await freePort()];
  const config = join(dir, 'homeserver.yaml');
  const more = join(dir, 'more.yaml');
  const url = `http://127.0.0.1:${port}`;
  await run(
    python,
    ['-m', 'synapse.app.homeserver', '--generate-config', '--report-stats=no', '--server-name', synapseServer].concat([
      '--config-path',
      config,
      '--data-directory',
      dir,
    ]),
    { cwd: dir },
  );
  const registration = {
    id: 'carillon',
    url: hook,
    as_token: asToken,
    hs_token: hsToken,
    sender_localpart: 'carillon',
    rate_limited: false,
    namespaces: { users: [{ exclusive: true, regex: `@carillon_.*:${synapseServer}` }], aliases: [], rooms: [] },
  };
  const high = { per_second: 1_000, burst_count: 1_000 };
  const resources = [{ names: ['client'], compress: false }];
  const settings = {
    listeners: [{ port, tls: false, type: 'http', bind_addresses: ['127.0.0.1'], resources }],
    trusted_key_servers: [],
    app_service_config_files: [join(dir, 'carillon.yaml')],
    rc_message: high,
    rc_registration: high,
    rc_login: { address: high, account: high, failed_attempts: high },
    rc_joins: { local: high, remote: high },
    rc_joins_per_room: high,
    rc_invites: { per_room: high, per_user: high, per_issuer: high },
  };
  // Every JSON document is also YAML.
  await writeFile(join(dir, 'carillon.yaml'), JSON.stringify(registration));
  await writeFile(more, JSON.stringify(settings));
  const child = spawn(python, ['-m', 'synapse.app.homeserver', '-c', config, '-c', more], {
    cwd: dir,
    stdio: 'ignore',
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await eventually('the homeserver answers', () => isUp(url), 60_000);
  return {
    url,
    async user(name) {
      const script = ['-m', 'synapse._scripts.register_new_matrix_user', '-c', config, '--no-admin'];
      await run(python, [...script, '-u', name, '-p', 'a-password', url], { cwd: dir });
      const identifier = { type: 'm.id.user', user: name };
      const login = { type: 'm.login.password', identifier, password: 'a-password' };
      const { access_token: token } = await call(url, '', 'POST', '/v3/login', login);
      return {
        id: `@${name}:${synapseServer}`,
        call: (method, path, body) => call(url, String(token), method, path, body),
      };
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function isUp(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/_matrix/client/versions`)).ok;
  } catch {
    return false; // not listening yet
  }
}

async function call(url: string, token: string, method: string, path: string, body?: object) {
  const response = await fetch(`${url}/_matrix/client${path}`, {
    method,
    headers: token === '' ? {} : { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}
