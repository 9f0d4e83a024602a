import postgres from 'postgres';

const types = {
  // bigint columns (sequence) stay far below 2^53, so they are read as numbers.
  bigint: { to: 20, from: [20], parse: Number, serialize: String },
  // The one kind of array that is passed (OID 1009, text[]); none is read: say to_jsonb() in the statement.
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

/** A pool, or one transaction of it: every store function takes it first and works in both. */
export type Sql = postgres.Sql<{ bigint: number; texts: readonly string[] }>;
export type Tx = postgres.TransactionSql<{ bigint: number; texts: readonly string[] }>;
export type Db = Sql | Tx;

export interface PoolOptions {
  /** Shown as application_name in pg_stat_activity. */
  readonly name: string;
  /** Connections at most. */
  readonly max: number;
  /** The server ends a statement after this long, milliseconds. */
  readonly statementTimeoutMs: number;
}

/**
 * A pool that connects when first used and again after PostgreSQL went away. While it is away, queries fail within
 * about a second instead of queueing: the caller answers 503, or tries again on its own terms.
 */
export function connect(url: string, options: PoolOptions): Sql {
  return postgres(url, {
    max: options.max,
    types,
    // Else the driver asks each new connection for all array types, and when that one breaks meanwhile nobody catches
    // the rejection: the process dies (postgres 3.4.9, connection.js, ReadyForQuery → fetchArrayTypes).
    fetch_types: false,
    connect_timeout: 3,
    backoff: () => 0.2,
    onnotice: () => undefined,
    connection: {
      application_name: options.name,
      statement_timeout: options.statementTimeoutMs,
      // What is worked on is in memory, or on a disk without a head to move: a look-up by index costs no four pages.
      random_page_cost: 1.1,
    },
  });
}

/** Whether an error says that PostgreSQL can't be reached or is going away, as opposed to refusing a statement. */
export function isUnavailable(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code !== 'string') return false;
  // 57P: admin shutdown, crash, cannot connect now; 08: connection; 53300: too many connections.
  return (
    /^(57P0[1-3]|08...|53300)$/.test(code) ||
    /^(CONNECT_TIMEOUT|CONNECTION_(CLOSED|DESTROYED|ENDED))$/.test(code) ||
    /^E(CONNREFUSED|CONNRESET|PIPE|HOSTUNREACH|NETUNREACH|TIMEDOUT|NOTFOUND|AI_AGAIN)$/.test(code)
  );
}

/** Whether the statement was ended by its time limit (SQLSTATE 57014): nobody knows whether it took effect. */
export function isTimedOut(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === '57014';
}

/** Whether two statements waited for each other and this one was given up (SQLSTATE 40P01, 40001): once more will do. */
export function isConflict(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === '40P01' || code === '40001';
}

/** Milliseconds as PostgreSQL reads an interval; it has an infinite one, which JSON has not. */
export const interval = (ms: number): string => (Number.isFinite(ms) ? `${ms} milliseconds` : 'infinity');

/** A jsonb parameter. Plain data only; the driver's own type wants an index signature that interfaces do not have. */
export function json(sql: Db, value: unknown): postgres.Parameter {
  return sql.json(value as postgres.JSONValue);
}
