import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import ipaddr from 'ipaddr.js';
import { configFields, levels } from './config-fields.ts';
import type { FileLimits } from './domain/file-limits.ts';
import { parseDuration } from './domain/retry.ts';

export type LogLevel = (typeof levels)[number];
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
  readonly files: FileLimits;
  readonly housekeepingEveryMs: number;
  /** Absolute path. */
  readonly identitiesFile: string | undefined;
  readonly logLevel: LogLevel;
  /** Never ends with a slash. */
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
  /**
   * Names of the variables that the environment gave. `npm start` chooses a port or a server itself when its variable
   * is not among them.
   */
  readonly given: ReadonlySet<FieldName>;
}

/** A value cannot be used. The message names the variable and says what the variable must be. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/**
 * Reads the environment and checks every value. An empty variable counts as not given.
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
  const size = (name: FieldName, least: number, most: number): number => {
    const [, number = '', unit = ''] = /^(\d{1,6})(kB|MB)?$/.exec(text(name)) ?? [];
    const bytes = Number(number) * (unit === 'MB' ? 1_000_000 : unit === 'kB' ? 1_000 : 1);
    if (number === '' || (bytes !== 0 && (bytes < least || bytes > most)))
      throw new ConfigError(`${name}: "${text(name)}" is not a size such as 25MB`);
    return bytes;
  };
  const types = (name: FieldName): string[] => {
    const all = listOf(text(name).toLowerCase());
    for (const type of all)
      if (!/^[\w.+*-]+\/[\w.+*-]+$/.test(type))
        throw new ConfigError(`${name}: "${type}" is not a media type such as image/png or image/*`);
    return all;
  };
  const level = text('CARILLON_LOG_LEVEL');
  if (!levels.includes(level as LogLevel))
    throw new ConfigError(`CARILLON_LOG_LEVEL: "${level}" is not one of ${levels.join(', ')}`);
  const flag = (name: FieldName): boolean => {
    const value = text(name);
    if (value !== '0' && value !== '1') throw new ConfigError(`${name}: "${value}" is not 0 or 1`);
    return value === '1';
  };
  const cidrs = listOf(text('CARILLON_EGRESS_ALLOW'));
  for (const cidr of cidrs)
    if (!ipaddr.isValid(cidr) && !ipaddr.isValidCIDR(cidr))
      throw new ConfigError(`CARILLON_EGRESS_ALLOW: "${cidr}" is neither an IP address nor a CIDR such as 10.0.0.0/8`);
  for (const name of ['DATABASE_URL', 'DATABASE_LISTEN_URL'] as const)
    if (given.has(name) && !/^postgres(ql)?:\/\/./.test(text(name)))
      // The value is not shown, because it holds a password.
      throw new ConfigError(`${name}: want postgres://user:password@host:port/database`);
  const publicUrl = optional('CARILLON_PUBLIC_URL');
  if (publicUrl !== undefined && !/^https?:\/\/[^?#@\s]+$/.test(publicUrl))
    throw new ConfigError(`CARILLON_PUBLIC_URL: "${publicUrl}" is not a URL such as https://carillon.example.com`);
  if (given.has('TEMPORAL_ADDRESS') && !/^[^/\s]+:[0-9]{1,5}$/.test(text('TEMPORAL_ADDRESS')))
    throw new ConfigError(`TEMPORAL_ADDRESS: "${text('TEMPORAL_ADDRESS')}" is not host:port`);
  const keysFile = optional('CARILLON_KEYS_FILE');
  const identitiesFile = optional('CARILLON_IDENTITIES_FILE');
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
    files: {
      maxBytes: size('CARILLON_FILES_MAX', 1_000, 200_000_000),
      types: types('CARILLON_FILES_TYPES'),
      refusedTypes: types('CARILLON_FILES_TYPES_REFUSED'),
    },
    housekeepingEveryMs: duration('CARILLON_HOUSEKEEPING_EVERY', '1m', '7d'),
    logLevel: level as LogLevel,
    publicUrl: publicUrl?.replace(/\/+$/, ''),
    subscriptionsEveryMs: duration('CARILLON_SUBSCRIPTIONS_EVERY', '1m', '15m'),
    keys: optional('CARILLON_KEYS'),
    identitiesFile: identitiesFile === undefined ? undefined : resolve(identitiesFile),
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

const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

/**
 * The administrator's key, read from the environment or else from `$CARILLON_HOME/admin.key`.
 * @returns undefined when neither of the two exists.
 */
export function readAdminKey(config: Config): string | undefined {
  if (config.adminKey !== undefined) return config.adminKey;
  try {
    return readFileSync(`${config.home}/admin.key`, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
