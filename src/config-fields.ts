/** One environment variable: the only source of its default, its check and its line in docs/configuration.md. */
export interface ConfigField {
  readonly name: string;
  /** `secret` values are masked wherever the configuration is shown. */
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
    name: 'CARILLON_FILES_MAX',
    kind: 'size',
    default: '25MB',
    description:
      'Largest file that is fetched and handed on, `1kB` to `200MB`; what is larger is linked. `0`: all are.',
  },
  {
    name: 'CARILLON_FILES_TYPES',
    kind: 'types',
    default: '*/*',
    description: 'Comma-separated media types of files that are handed on, such as `image/*,application/pdf`.',
  },
  {
    name: 'CARILLON_FILES_TYPES_REFUSED',
    kind: 'types',
    default:
      'application/x-msdownload,application/x-msdos-program,application/vnd.microsoft.portable-executable,application/x-executable,application/x-sh,application/x-bat',
    description: 'Media types that are never handed on; stands above `CARILLON_FILES_TYPES`.',
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
  {
    name: 'CARILLON_IDENTITIES_FILE',
    kind: 'path',
    description:
      'YAML or JSON list of who is who on several platforms, `{id, name?, tenant?, accounts: [{connection, person}]}` each, read when the API starts; what the file has no more is forgotten then.',
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
