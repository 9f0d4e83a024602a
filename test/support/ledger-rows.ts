import type { Delivery, Receipt } from '../model/ledger.ts';
import type { Sql } from '../../src/store/db/db.ts';

/** A delivery in the reducer's terms, without its intent. */
export type LedgerRow = Omit<Delivery, 'intent'>;

const times = [
  'created_at',
  'first_attempt_at',
  'deadline_at',
  'clock_stopped_at',
  'next_attempt_at',
  'not_before',
  'claim_deadline',
  'doubt_since',
  'doubt_until',
  'absent_at',
  'cancel_requested_at',
  'due_at',
  'settled_at',
  'held_since',
  'hold_until',
  'slot_at',
  'depends_until',
  'expires_at',
] as const;

/** Lets time pass for these deliveries only: moves all of their times back by `ms` milliseconds. */
export async function letPass(sql: Sql, ids: readonly string[], ms: number): Promise<void> {
  const moved = times.map((column) => `${column} = ${column} - make_interval(secs => ${ms / 1000})`);
  await sql.unsafe(`update deliveries set ${moved.join(', ')} where id = any($1)`, [ids as string[]]);
}

type Row = Record<(typeof times)[number], number | null> &
  Record<string, unknown> & { receipts: (Omit<Receipt, 'part'> & { part?: number })[]; tries: Delivery['tries'] };

/**
 * Reads deliveries in the reducer's terms, in the order of their ids.
 * @param offsetMs by how many milliseconds time was moved on so far.
 */
export async function readRows(sql: Sql, ids: readonly string[], offsetMs: number): Promise<LedgerRow[]> {
  const columns = times.map((column) => `(extract(epoch from ${column}) * 1000)::float8 as ${column}`);
  const rows = await sql.unsafe<Row[]>(
    `select id, state, lane, tenant, destination, sequence, attempts, max_attempts, round_start, next_trigger, claim_token,
      pinned_version, jsonb_array_length(parts) as parts, part, receipts, doubled, late, gate,
      (extract(epoch from hold_for) * 1000)::float8 as "holdForMs", ${columns.join(', ')},
      (select coalesce(json_agg(json_build_object('token', a.id, 'number', a.number, 'trigger', a.trigger,
        'outcome', a.outcome, 'late', a.late, 'part', a.part) order by a.id), '[]') from attempts a where a.delivery = d.id) as tries
    from deliveries d where id = any($1) order by id`,
    [ids as string[]],
  );
  return rows.map((row) => toLedgerRow(row, offsetMs));
}

function toLedgerRow(row: Row, offsetMs: number): LedgerRow {
  const at = (column: (typeof times)[number]): number | null => {
    const time = row[column];
    return time === null ? null : time + offsetMs;
  };
  const both = <T>(since: number | null, until: number | null, make: (since: number, until: number) => T): T | null =>
    since === null || until === null ? null : make(since, until);
  return {
    id: row['id'] as string,
    state: row['state'] as Delivery['state'],
    lane: row['lane'] as string | null,
    sequence: Number(row['sequence'] ?? 0),
    attempts: row['attempts'] as number,
    maxAttempts: row['max_attempts'] as number,
    cycleStart: row['round_start'] as number,
    trigger: row['next_trigger'] as Delivery['trigger'],
    deadlineAt: at('deadline_at'),
    clockStoppedAt: at('clock_stopped_at'),
    nextAttemptAt: at('next_attempt_at'),
    notBefore: at('not_before'),
    dueAt: at('due_at'),
    settledAt: at('settled_at'),
    claim: both(1, at('claim_deadline'), (_, until) => ({ token: row['claim_token'] as string, until })),
    pinnedVersion: row['pinned_version'] as number | null,
    parts: row['parts'] as number | null,
    part: row['part'] as number,
    doubt: both(at('doubt_since'), at('doubt_until'), (since, until) => ({ since, until })),
    absentAt: at('absent_at'),
    cancelRequestedAt: at('cancel_requested_at'),
    receipts: row.receipts.map(({ attempt, nativeId, version, part = 1 }) => ({ attempt, nativeId, version, part })),
    doubled: row['doubled'] as boolean,
    late: row['late'] as boolean,
    holdForMs: row['holdForMs'] as number | null,
    hold: both(at('held_since'), at('hold_until'), (since, until) => ({ since, until })),
    gate: row['gate'] as string | null,
    slotAt: at('slot_at'),
    tries: row.tries,
  };
}
