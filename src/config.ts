import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import ipaddr from 'ipaddr.js';
import { parseDuration } from './domain/retry.ts';

/** One environment variable: the only source of its default, its check and its line in docs/configuration.md. */
export interface ConfigField {
  readonly name: string;
  /** `secret` values are masked wherever the configuration is shown. */
  readonly kind: 'port' | 'path' | 'url' | 'address' | 'text' | 'flag' | 'level' | 'cidrs' | 'duration' | 'secret';
  readonly default?: string;
  readonly description: string;
}

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof levels)[number];

export const configFields = [
  { name: 'CARILLON_PORT', kind: 'port', default: '8080', description: 'TCP port of the HTTP API.' },
  {
    name: 'CARILLON_HOST',
    kind: 'text',
    default: '127.0.0.1',
    description: 'Address that the HTTP API listens on; 0.0.0.0 in a container.',
  },
  {
    name: 'CARILLON_HOME',
    kind: 'path',
    default: '.carillon',
    description: 'Folder of generated keys and, under `npm start`, of all data.',
  },
  {
    name: 'CARILLON_ADMIN_KEY',
    kind: 'secret',
    description:
      'Bearer key of the administrator; else read from `$CARILLON_HOME/admin.key`, which `npm start` makes (mode 0600).',
  },
  {
    name: 'CARILLON_DEMO',
    kind: 'flag',
    default: '1',
    description: '`0`: `npm start` brings no simulators, no demo configuration and no first message.',
  },
  {
    name: 'CARILLON_EGRESS_ALLOW',
    kind: 'cidrs',
    default: '',
    description:
      'Comma-separated CIDRs that deliveries may reach beside the public internet. `npm start` sets 127.0.0.0/8 where none is given.',
  },
  {
    name: 'CARILLON_EXPRESS',
    kind: 'flag',
    default: '1',
    description: '`0`: no first round for the whole message; each delivery is an activity of its own from the start.',
  },
  {
    name: 'CARILLON_HOUSEKEEPING_EVERY',
    kind: 'duration',
    default: '1h',
    description: 'Time between two passes of housekeeping, `1m` to `7d`. The same for all workers.',
  },
  {
    name: 'CARILLON_PUBLIC_URL',
    kind: 'url',
    description:
      'Where platforms reach the API, such as `https://carillon.example.com`: subscriptions that Carillon makes have their events sent there, to `/hooks/{connection}`.',
  },
  {
    name: 'CARILLON_SUBSCRIPTIONS_EVERY',
    kind: 'duration',
    default: '5m',
    description:
      'Time between two looks at the subscriptions by which platforms send events, `1m` to `15m`. The same for all workers.',
  },
  { name: 'CARILLON_LOG_LEVEL', kind: 'level', default: 'info', description: `One of ${levels.join(', ')}.` },
  {
    name: 'CARILLON_KEYS',
    kind: 'secret',
    description:
      'Key ring for content and credentials at rest: comma-separated `id:base64` with 32 bytes each; the first is current.',
  },
  {
    name: 'CARILLON_KEYS_FILE',
    kind: 'path',
    description: 'File of the key ring, one `id:base64` a line; else generated into `$CARILLON_HOME/keys` (mode 0600).',
  },
  {
    name: 'DATABASE_URL',
    kind: 'url',
    default: 'postgres://carillon:carillon@127.0.0.1:54330/carillon',
    description: 'PostgreSQL 18 of Carillon. When given, `npm start` starts no PostgreSQL.',
  },
  {
    name: 'DATABASE_LISTEN_URL',
    kind: 'url',
    description: 'A session connection for LISTEN, where DATABASE_URL is a transaction pooler.',
  },
  {
    name: 'TEMPORAL_ADDRESS',
    kind: 'address',
    default: '127.0.0.1:7233',
    description: 'host:port of the Temporal frontend. When given, `npm start` starts no Temporal.',
  },
  { name: 'TEMPORAL_NAMESPACE', kind: 'text', default: 'default', description: 'Temporal namespace.' },
  {
    name: 'POSTGRES_PORT',
    kind: 'port',
    default: '54330',
    description: 'Port of the PostgreSQL that `npm start` starts.',
  },
  {
    name: 'TEMPORAL_PORT',
    kind: 'port',
    default: '7233',
    description: 'Port of the Temporal that `npm start` starts.',
  },
  { name: 'TEMPORAL_UI_PORT', kind: 'port', default: '8233', description: "Port of that Temporal's Web UI." },
  { name: 'SIMULATORS_PORT', kind: 'port', default: '8090', description: 'Port of the platform simulators.' },
] as const satisfies readonly ConfigField[];

type FieldName = (typeof configFields)[number]['name'];

export interface Config {
  readonly port: number;
  readonly host: string;
  /** Absolute path. */
  readonly home: string;
  readonly adminKey: string | undefined;
  readonly demo: boolean;
  readonly express: boolean;
  readonly egressAllow: readonly string[];
  readonly housekeepingEveryMs: number;
  readonly logLevel: LogLevel;
  /** Without a slash at its end. */
  readonly publicUrl: string | undefined;
  readonly subscriptionsEveryMs: number;
  readonly keys: string | undefined;
  readonly keysFile: string | undefined;
  readonly databaseUrl: string;
  readonly databaseListenUrl: string;
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly postgresPort: number;
  readonly temporalPort: number;
  readonly temporalUiPort: number;
  readonly simulatorsPort: number;
  /** Names of the variables that the environment gave; a port or server not in it may be chosen freely. */
  readonly given: ReadonlySet<FieldName>;
}

/** Thrown for a value that cannot be used; the text names the variable and what it wants. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/**
 * Reads and checks the environment. An empty variable counts as not given.
 * @throws ConfigError naming the first variable that is wrong.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const given = new Set<FieldName>();
  const raw = new Map<FieldName, string>();
  for (const field of configFields) {
    const value = env[field.name];
    if (value !== undefined && value !== '') {
      given.add(field.name);
      raw.set(field.name, value);
    } else if ('default' in field) raw.set(field.name, field.default);
  }
  const text = (name: FieldName): string => raw.get(name) ?? '';
  const optional = (name: FieldName): string | undefined => raw.get(name);
  const port = (name: FieldName): number => {
    const value = Number(text(name));
    if (!Number.isInteger(value) || value < 1 || value > 65_535)
      throw new ConfigError(`${name}: "${text(name)}" is not a port between 1 and 65535`);
    return value;
  };
  const duration = (name: FieldName, shortest: string, longest: string): number => {
    const [value, least, most] = [text(name), shortest, longest].map(parseDuration);
    if (value === undefined || value < (least ?? 0) || value > (most ?? 0))
      throw new ConfigError(`${name}: "${text(name)}" is not a duration between ${shortest} and ${longest}`);
    return value;
  };
  const level = text('CARILLON_LOG_LEVEL');
  if (!levels.includes(level as LogLevel))
    throw new ConfigError(`CARILLON_LOG_LEVEL: "${level}" is not one of ${levels.join(', ')}`);
  const flag = (name: FieldName): boolean => {
    const value = text(name);
    if (value !== '0' && value !== '1') throw new ConfigError(`${name}: "${value}" is not 0 or 1`);
    return value === '1';
  };
  const cidrs = text('CARILLON_EGRESS_ALLOW')
    .split(',')
    .map((cidr) => cidr.trim())
    .filter((cidr) => cidr !== '');
  for (const cidr of cidrs)
    if (!ipaddr.isValid(cidr) && !ipaddr.isValidCIDR(cidr))
      throw new ConfigError(`CARILLON_EGRESS_ALLOW: "${cidr}" is neither an IP address nor a CIDR such as 10.0.0.0/8`);
  for (const name of ['DATABASE_URL', 'DATABASE_LISTEN_URL'] as const)
    if (given.has(name) && !/^postgres(ql)?:\/\/./.test(text(name)))
      throw new ConfigError(`${name}: want postgres://user:password@host:port/database`); // not shown: it holds a password
  const publicUrl = optional('CARILLON_PUBLIC_URL');
  if (publicUrl !== undefined && !/^https?:\/\/[^?#@\s]+$/.test(publicUrl))
    throw new ConfigError(`CARILLON_PUBLIC_URL: "${publicUrl}" is not a URL such as https://carillon.example.com`);
  if (given.has('TEMPORAL_ADDRESS') && !/^[^/\s]+:[0-9]{1,5}$/.test(text('TEMPORAL_ADDRESS')))
    throw new ConfigError(`TEMPORAL_ADDRESS: "${text('TEMPORAL_ADDRESS')}" is not host:port`);
  const keysFile = optional('CARILLON_KEYS_FILE');
  const databaseUrl = given.has('DATABASE_URL')
    ? text('DATABASE_URL')
    : `postgres://carillon:carillon@127.0.0.1:${port('POSTGRES_PORT')}/carillon`;
  return {
    port: port('CARILLON_PORT'),
    host: text('CARILLON_HOST'),
    home: resolve(text('CARILLON_HOME')),
    adminKey: optional('CARILLON_ADMIN_KEY'),
    demo: flag('CARILLON_DEMO'),
    express: flag('CARILLON_EXPRESS'),
    egressAllow: cidrs,
    housekeepingEveryMs: duration('CARILLON_HOUSEKEEPING_EVERY', '1m', '7d'),
    logLevel: level as LogLevel,
    publicUrl: publicUrl?.replace(/\/+$/, ''),
    subscriptionsEveryMs: duration('CARILLON_SUBSCRIPTIONS_EVERY', '1m', '15m'),
    keys: optional('CARILLON_KEYS'),
    keysFile: keysFile === undefined ? undefined : resolve(keysFile),
    databaseUrl,
    databaseListenUrl: optional('DATABASE_LISTEN_URL') ?? databaseUrl,
    temporalAddress: given.has('TEMPORAL_ADDRESS') ? text('TEMPORAL_ADDRESS') : `127.0.0.1:${port('TEMPORAL_PORT')}`,
    temporalNamespace: text('TEMPORAL_NAMESPACE'),
    postgresPort: port('POSTGRES_PORT'),
    temporalPort: port('TEMPORAL_PORT'),
    temporalUiPort: port('TEMPORAL_UI_PORT'),
    simulatorsPort: port('SIMULATORS_PORT'),
    given,
  };
}

/** The administrator's key: from the environment, else from `$CARILLON_HOME/admin.key`. Undefined where neither is. */
export function readAdminKey(config: Config): string | undefined {
  if (config.adminKey !== undefined) return config.adminKey;
  try {
    return readFileSync(`${config.home}/admin.key`, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
