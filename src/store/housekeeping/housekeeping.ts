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

/** How each kind is removed. */
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
  /** As stored. */
  readonly retention: unknown;
}

/** All tenants but those under legal hold. */
export async function listRetentions(sql: Db): Promise<TenantRetention[]> {
  return sql<TenantRetention[]>`select id as tenant, retention from tenants where not legal_hold order by id`;
}

export interface ReportRow {
  readonly id: number;
  /** The id of the pass's run in Temporal. */
  readonly pass: string;
  readonly tenant: TenantId;
  readonly kind: string;
  readonly removed: number;
  /** Of the first and of the last batch that removed something. */
  readonly startedAt: Date;
  readonly endedAt: Date;
}

/** The newest first, those older than `before`: one for each pass, tenant and kind of which something was removed. */
export async function listReports(sql: Db, limit: number, before: number | undefined): Promise<ReportRow[]> {
  return sql<ReportRow[]>`
    select id, pass, tenant, kind, removed, started_at as "startedAt", ended_at as "endedAt"
    from housekeeping_reports
    ${before === undefined ? sql`` : sql`where id < ${before}`}
    order by id desc limit ${limit}`;
}
