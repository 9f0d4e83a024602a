import type { TenantId } from '../../domain/ids.ts';
import type { RetentionKind } from '../../domain/retention.ts';
import type { Db } from '../db/db.ts';
import { eraseContent } from './erase-content.ts';
import type { Remover } from './batch.ts';
import { removeAttempts } from './remove-attempts.ts';
import { removeDedupe } from './remove-dedupe.ts';
import { removeEvents } from './remove-events.ts';
import { removeJobs } from './remove-jobs.ts';
import { removeInbox } from './remove-inbox.ts';
import { removeMessages } from './remove-messages.ts';
import { removerOfConnections } from './remove-of-connections.ts';

/** The function that removes each kind of data. */
export const removers: Readonly<Record<RetentionKind, Remover>> = {
  content: eraseContent,
  attempts: removeAttempts,
  events: removeEvents,
  dedupe: removeDedupe,
  messages: removeMessages,
  jobs: removeJobs,
  links: removerOfConnections('links', 'created_at'),
  inbox: removeInbox,
  people: removerOfConnections('people', 'expires_at'),
};

export interface TenantRetention {
  readonly tenant: TenantId;
  /** The setting as stored. */
  readonly retention: unknown;
}

/** @returns all tenants that are not under legal hold. */
export async function listRetentions(sql: Db): Promise<TenantRetention[]> {
  return sql<TenantRetention[]>`select id as tenant, retention from tenants where not legal_hold order by id`;
}

export interface ReportRow {
  readonly id: number;
  /** The pass's workflow id. */
  readonly pass: string;
  readonly tenant: TenantId;
  readonly kind: string;
  readonly removed: number;
  /** When the first batch that removed something ended. */
  readonly startedAt: Date;
  /** When the last batch that removed something ended. */
  readonly endedAt: Date;
}

/**
 * Lists reports, one for each pass, tenant and kind that removed rows: the newest first; with `before`, only reports
 * with a smaller id.
 */
export async function listReports(sql: Db, limit: number, before: number | undefined): Promise<ReportRow[]> {
  return sql<ReportRow[]>`
    select id, pass, tenant, kind, removed, started_at as "startedAt", ended_at as "endedAt"
    from housekeeping_reports
    ${before === undefined ? sql`` : sql`where id < ${before}`}
    order by id desc limit ${limit}`;
}
