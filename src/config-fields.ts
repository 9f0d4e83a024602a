/** An environment variable. Its default and its line in docs/configuration.md come from here. */
export interface ConfigField {
  readonly name: string;
  /** The form of the value. A `secret` must never be shown. */
  readonly kind:
    | 'port'
    | 'path'
    | 'url'
    | 'address'
    | 'text'
    | 'flag'
    | 'level'
    | 'cidrs'
    | 'duration'
    | 'size'
    | 'types'
    | 'secret';
  readonly default?: string;
  readonly description: string;
}

export const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export const configFields = [
  { name: 'CARILLON_PORT', kind: 'port', default: '8080', description: 'The TCP port of the HTTP API.' },
  {
    name: 'CARILLON_HOST',
    kind: 'text',
    default: '127.0.0.1',
    description: 'The address that the HTTP API listens on. Use 0.0.0.0 in a container.',
  },
  {
    name: 'CARILLON_HOME',
    kind: 'path',
    default: '.carillon',
    description: 'The folder for generated keys and, with `npm start`, for all data.',
  },
  {
    name: 'CARILLON_ADMIN_KEY',
    kind: 'secret',
    description:
      'The bearer key of the administrator. Default: the content of `$CARILLON_HOME/admin.key`, which `npm start` ' +
      'creates (mode 0600).',
  },
  {
    name: 'CARILLON_DEMO',
    kind: 'flag',
    default: '1',
    description: 'With `0`, `npm start` starts no simulators, makes no demo configuration and sends no first message.',
  },
  {
    name: 'CARILLON_EGRESS_ALLOW',
    kind: 'cidrs',
    default: '',
    description:
      'Comma-separated IP addresses and CIDRs that deliveries may reach in addition to the public internet. `npm ' +
      'start` sets 127.0.0.0/8 if this is not set.',
  },
  {
    name: 'CARILLON_EXPRESS',
    kind: 'flag',
    default: '1',
    description:
      'With `0`, a run begins without the first round for the whole message, and each delivery is an activity of its ' +
      'own from the start.',
  },
  {
    name: 'CARILLON_FILES_MAX',
    kind: 'size',
    default: '25MB',
    description:
      'The largest file that is fetched and passed on, `1kB` to `200MB`. Larger files are linked. With `0` all ' +
      'files are linked.',
  },
  {
    name: 'CARILLON_FILES_TYPES',
    kind: 'types',
    default: '*/*',
    description: 'Comma-separated media types of files that are passed on, such as `image/*,application/pdf`.',
  },
  {
    name: 'CARILLON_FILES_TYPES_REFUSED',
    kind: 'types',
    default:
      'application/x-msdownload,application/x-msdos-program,application/vnd.microsoft.portable-executable,application/x-executable,application/x-sh,application/x-bat',
    description: 'Media types that are never passed on. Takes precedence over `CARILLON_FILES_TYPES`.',
  },
  {
    name: 'CARILLON_HOUSEKEEPING_EVERY',
    kind: 'duration',
    default: '1h',
    description: 'The time between two passes of housekeeping, `1m` to `7d`. Must be the same for all workers.',
  },
  {
    name: 'CARILLON_PUBLIC_URL',
    kind: 'url',
    description:
      'The URL at which platforms reach the API, such as `https://carillon.example.com`. Subscriptions that ' +
      'Carillon creates send their events there, to `/hooks/{connection}`.',
  },
  {
    name: 'CARILLON_SUBSCRIPTIONS_EVERY',
    kind: 'duration',
    default: '5m',
    description:
      'The time between two checks of the subscriptions by which platforms send events, `1m` to `15m`. Must be the ' +
      'same for all workers.',
  },
  {
    name: 'CARILLON_IDENTITIES_FILE',
    kind: 'path',
    description:
      'A YAML or JSON file with a list of people and their accounts on several platforms, each `{id, name?, ' +
      'tenant?, accounts: [{connection, person}]}`. It is read when the API starts. Entries that were removed from ' +
      'the file are forgotten then.',
  },
  { name: 'CARILLON_LOG_LEVEL', kind: 'level', default: 'info', description: `One of ${levels.join(', ')}.` },
  {
    name: 'CARILLON_KEYS',
    kind: 'secret',
    description:
      'The key ring that encrypts content and credentials in the database: comma-separated `id:base64` with 32 ' +
      'bytes each. The first key is the current one.',
  },
  {
    name: 'CARILLON_KEYS_FILE',
    kind: 'path',
    description:
      'A file with the key ring, one `id:base64` in each line. Default: `$CARILLON_HOME/keys`, which is generated if ' +
      'it does not exist (mode 0600).',
  },
  {
    name: 'DATABASE_URL',
    kind: 'url',
    default: 'postgres://carillon:carillon@127.0.0.1:54330/carillon',
    description: 'The PostgreSQL 18 database of Carillon. If this is set, `npm start` starts no PostgreSQL.',
  },
  {
    name: 'DATABASE_LISTEN_URL',
    kind: 'url',
    description:
      'A URL for LISTEN, which needs a session of its own. Set it if DATABASE_URL leads to a transaction pooler.',
  },
  {
    name: 'TEMPORAL_ADDRESS',
    kind: 'address',
    default: '127.0.0.1:7233',
    description: 'The host:port of the Temporal frontend. If this is set, `npm start` starts no Temporal.',
  },
  { name: 'TEMPORAL_NAMESPACE', kind: 'text', default: 'default', description: 'The Temporal namespace.' },
  {
    name: 'POSTGRES_PORT',
    kind: 'port',
    default: '54330',
    description: 'The port of the PostgreSQL that `npm start` starts.',
  },
  {
    name: 'TEMPORAL_PORT',
    kind: 'port',
    default: '7233',
    description: 'The port of the Temporal that `npm start` starts.',
  },
  { name: 'TEMPORAL_UI_PORT', kind: 'port', default: '8233', description: "The port of that Temporal's Web UI." },
  { name: 'SIMULATORS_PORT', kind: 'port', default: '8090', description: 'The port of the platform simulators.' },
] as const satisfies readonly ConfigField[];
