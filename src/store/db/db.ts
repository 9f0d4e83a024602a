import postgres from 'postgres';

const types = {
  // bigint columns, such as sequence, stay far below 2^53. So they are read as numbers.
  bigint: { to: 20, from: [20], parse: Number, serialize: String },
  // text[] (OID 1009) is the only kind of array that is passed to PostgreSQL. None is read: a statement selects
  // to_jsonb(…).
  texts: {
    to: 1009,
    from: [1009],
    parse: (text: string): readonly string[] => {
      throw new Error(`an array was read as it is: ${text.slice(0, 50)}`);
    },
    serialize: (texts: readonly string[]) =>
      `{${texts.map((text) => `"${text.replaceAll(/[\\"]/g, String.raw`\$&`)}"`).join(',')}}`,
  },
};

/** A pool of connections. */
export type Sql = postgres.Sql<{ bigint: number; texts: readonly string[] }>;
export type Tx = postgres.TransactionSql<{ bigint: number; texts: readonly string[] }>;
/** A pool, or a transaction in it. Every store function takes it as its first argument and works in both. */
export type Db = Sql | Tx;

export interface PoolOptions {
  /** The `application_name` that pg_stat_activity shows. */
  readonly name: string;
  /** The most connections that are open at once. */
  readonly max: number;
  /** The server ends a statement that takes longer, milliseconds. */
  readonly statementTimeoutMs: number;
}

/**
 * Makes a pool that connects when it is first used, and again after PostgreSQL was away. While PostgreSQL is away,
 * queries fail within about a second instead of queueing, so that the caller can answer 503 or try again later.
 */
export function connect(url: string, options: PoolOptions): Sql {
  return postgres(url, {
    max: options.max,
    types,
    // Otherwise the driver queries all array types on each new connection. If that connection breaks meanwhile, the
    // rejection is not caught and the process dies (postgres 3.4.9, connection.js, ReadyForQuery → fetchArrayTypes).
    fetch_types: false,
    connect_timeout: 3,
    backoff: () => 0.2,
    onnotice: () => undefined,
    connection: {
      application_name: options.name,
      statement_timeout: options.statementTimeoutMs,
      // The data in use is in memory or on an SSD. PostgreSQL's default of 4 would make look-ups by index seem too
      // expensive.
      random_page_cost: 1.1,
    },
  });
}

/**
 * Whether an error means that PostgreSQL cannot be reached or is shutting down, and not that it refused a statement.
 */
export function isUnavailable(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== 'string') return false;
  // 57P01 to 57P03: shutdown, crash, cannot connect now; 08…: connection errors; 53300: too many connections.
  return (
    /^(57P0[1-3]|08...|53300)$/.test(code) ||
    /^(CONNECT_TIMEOUT|CONNECTION_(CLOSED|DESTROYED|ENDED))$/.test(code) ||
    /^E(CONNREFUSED|CONNRESET|PIPE|HOSTUNREACH|NETUNREACH|TIMEDOUT|NOTFOUND|AI_AGAIN)$/.test(code)
  );
}

/** Whether PostgreSQL ended a statement because of its time limit or a cancel (SQLSTATE 57014). */
export function isTimedOut(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === '57014';
}

/**
 * Whether PostgreSQL gave a statement up for another one: deadlock (SQLSTATE 40P01) or serialization failure (40001).
 * The caller may try again.
 */
export function isConflict(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === '40P01' || code === '40001';
}

/**
 * @returns an interval of so many milliseconds as PostgreSQL reads it. Infinity, which JSON lacks, becomes `infinity`.
 */
export const interval = (ms: number): string => (Number.isFinite(ms) ? `${ms} milliseconds` : 'infinity');

/**
 * A jsonb parameter, from plain data. The driver's own type needs an index signature, which interfaces lack; hence the
 * cast.
 */
export function json(sql: Db, value: unknown): postgres.Parameter {
  return sql.json(value as postgres.JSONValue);
}

/**
 * Whether the same statement may work later: PostgreSQL is away, a statement reached its time limit, PostgreSQL lacks
 * resources (53), there was a deadlock or conflict (40), it is read-only after a failover (25006), or a disk is full or
 * broken (58).
 */
export function mayWorkLater(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return (
    isUnavailable(error) || isTimedOut(error) || (typeof code === 'string' && /^(53...|40...|25006|58...)$/.test(code))
  );
}
