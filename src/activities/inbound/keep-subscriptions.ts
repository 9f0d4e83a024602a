import { Context } from '@temporalio/activity';
import type { Connector } from '../../connectors/contract/connector.ts';
import type { KeptRoom, SubscriptionContext, WantedRoom } from '../../connectors/contract/subscriptions.ts';
import { SendFailure } from '../../domain/failure.ts';
import { hookTenant, type DestinationId } from '../../domain/ids.ts';
import { connectionWithSecrets } from '../../store/config/connections.ts';
import { returnLease, takeLease } from '../../store/runs/workers.ts';
import {
  beginSubscriptionCheck,
  bridgedAddresses,
  endSubscriptionCheck,
  listSubscribable,
  type SubscriptionCheck,
} from '../../store/inbound/subscription-checks.ts';
import { markSilent, writeSubscriptions, type SubscriptionFinding } from '../../store/inbound/subscriptions.ts';
import type { KeepSubscriptionsResult, ConnectionRef } from '../../contract.ts';
import { tryAgain } from '../failure.ts';
import type { ActivityDeps } from '../deps.ts';

/**
 * One run at a time checks a connection, because two would both create a missing subscription. A worker that dies keeps
 * the lease for this long.
 */
const leaseSeconds = 20;
/** How often the lease is renewed and a heartbeat is sent. */
const beatMs = 5_000;
const timeoutMs = 20_000;
/** The activity is tried again after this time where another run checks the connection. */
const busyMs = 2_000;
const usualRetryMs = 10_000;
const pageSize = 10;
/** A subscription that would lapse within this many passes is renewed, so two passes may fail before it lapses. */
const passesAhead = 3;
/**
 * The latest time that `Date` knows. Where the platform asked for the check, every subscription that can lapse is
 * renewed.
 */
const farthest = new Date(8.64e15);

/** Makes the activities that keep subscriptions. They may be repeated, because a check does only what is missing. */
export function createKeepSubscriptions(deps: ActivityDeps) {
  const { sql, ring, connectors, http, tokens, publicUrl, subscriptionsEveryMs } = deps;
  const subscribing = subscribingNames(connectors);

  /**
   * Lists a page of connections that need a check, continuing after `after`. Connections without subscriptions are left
   * out.
   */
  async function listSubscribed(
    after: ConnectionRef | undefined,
  ): Promise<{ places: ConnectionRef[]; next: ConnectionRef | null }> {
    const rows = await listSubscribable(sql, subscribing, pageSize, after);
    const places = rows
      .filter(
        ({ connector, settings, isKnown }) =>
          isKnown || connectors.get(connector)?.inbound?.subscriptions?.isKept(settings) === true,
      )
      .map(({ tenant, connection }) => ({ tenant, connection }));
    const last = rows.length < pageSize ? undefined : rows.at(-1);
    return { places, next: last === undefined ? null : { tenant: last.tenant, connection: last.connection } };
  }

  /** @returns the rooms that need a subscription, each with the first destination that names it. */
  async function wantedRooms(ref: ConnectionRef, inbound: NonNullable<Connector['inbound']>) {
    const rooms = new Map<string, WantedRoom & { destination: DestinationId }>();
    for (const { destination, address } of await bridgedAddresses(sql, ref)) {
      const room = inbound.roomOf(address);
      if (room !== undefined && !rooms.has(room)) rooms.set(room, { room, address, destination });
    }
    return rooms;
  }

  /** Checks one connection and writes what was found. @returns as `keepSubscribed`. */
  async function look(ref: ConnectionRef, check: SubscriptionCheck, signal: AbortSignal) {
    const { tenant, connection } = ref;
    const at = await connectionWithSecrets(sql, ring, tenant, connection);
    const inbound = at === undefined ? undefined : connectors.get(at.connector)?.inbound;
    if (at === undefined || inbound?.subscriptions === undefined) return {};
    const isKept = inbound.subscriptions.isKept(at.settings);
    const rooms = isKept ? await wantedRooms(ref, inbound) : new Map<string, never>();
    if (rooms.size === 0 && !check.isKnown) return {};
    const isReachable = publicUrl !== undefined && [undefined, tenant].includes(hookTenant(connection));
    const hook = {
      id: connection,
      settings: at.settings,
      ...(isReachable ? { url: `${publicUrl}/hooks/${connection}` } : {}),
    };
    const now = new Date();
    const until = check.isAsked ? farthest : new Date(now.getTime() + passesAhead * subscriptionsEveryMs);
    const silent = (names: readonly string[]) => markSilent(sql, tenant, connection, names);
    const context: SubscriptionContext = { http, tokens, now, timeoutMs, signal, until, silent };
    const kept = await keepOrFail(inbound.subscriptions.keep([...rooms.values()], hook, context), [...rooms.keys()]);
    await writeSubscriptions(
      sql,
      tenant,
      connection,
      kept.map((one) => finding(one, rooms.get(one.room)?.destination ?? '')),
    );
    return conclude(ref, kept);
  }

  /**
   * Makes one connection's subscriptions what they should be.
   * @returns how many rooms there are by what was done for them: `created`, `renewed`, `enabled`, `replaced`, `nothing`
   * or `failed`.
   * @throws ApplicationFailure retryable while another run checks the connection, or where a room failed for a passing
   * reason.
   */
  async function keepSubscribed(ref: ConnectionRef): Promise<KeepSubscriptionsResult> {
    const { info, cancellationSignal: signal, heartbeat } = Context.current();
    const leaseName = `subscriptions ${ref.tenant}/${ref.connection}`;
    const holder = `${info.workflowExecution?.runId ?? ''}/${info.activityId}/${info.attempt}`;
    if (!(await takeLease(sql, leaseName, holder, leaseSeconds))) throw tryAgain('another run is at it', busyMs);
    const beat = setInterval(() => {
      heartbeat();
      void takeLease(sql, leaseName, holder, leaseSeconds).catch(() => undefined);
    }, beatMs);
    try {
      const check = await beginSubscriptionCheck(sql, ref);
      if (check === undefined) return {};
      const done = await look(ref, check, signal);
      await endSubscriptionCheck(sql, ref, check);
      return done;
    } finally {
      clearInterval(beat);
      await returnLease(sql, leaseName, holder).catch(() => undefined);
    }
  }

  return { listSubscribed, keepSubscribed };
}

/** @returns the names of the platforms that have subscriptions. */
export const subscribingNames = (connectors: ReadonlyMap<string, Connector>): string[] =>
  [...connectors.values()].flatMap(({ name, inbound }) => (inbound?.subscriptions === undefined ? [] : [name]));

/**
 * Where the platform's list of subscriptions could not be read, that failure counts for each room.
 * @throws ApplicationFailure retryable where no room is wanted and the subscriptions could not be ended for a passing
 * reason.
 */
async function keepOrFail(
  keeping: Promise<readonly KeptRoom[]>,
  rooms: readonly string[],
): Promise<readonly KeptRoom[]> {
  try {
    return await keeping;
  } catch (error) {
    if (!(error instanceof SendFailure)) throw error;
    if (rooms.length === 0 && error.kind !== 'permanent')
      throw tryAgain(`the subscriptions were not ended: ${error.code}`, usualRetryMs);
    return rooms.map((room) => ({ room, failure: error }));
  }
}

function finding(one: KeptRoom, destination: string): SubscriptionFinding {
  const { room } = one;
  if (!('failure' in one)) {
    const { did, goodUntil } = one;
    return {
      room,
      destination,
      state: 'active',
      ...(did === 'nothing' ? {} : { did }),
      ...(goodUntil === undefined ? {} : { goodUntil }),
    };
  }
  const { kind, code, message, status } = one.failure;
  const state = kind === 'permanent' ? 'refused' : 'failing';
  return { room, destination, state, reason: { code, message, ...(status === undefined ? {} : { status }) } };
}

/**
 * @returns the counts by what was done.
 * @throws ApplicationFailure retryable where a room failed for a passing reason.
 */
function conclude({ connection }: ConnectionRef, kept: readonly KeptRoom[]): KeepSubscriptionsResult {
  const { log } = Context.current();
  const counts: Record<string, number> = {};
  let again: SendFailure | undefined;
  for (const one of kept) {
    const what = 'failure' in one ? 'failed' : one.did;
    counts[what] = (counts[what] ?? 0) + 1;
    if (!('failure' in one)) continue;
    const { code, kind } = one.failure;
    log.warn('subscriptions: one could not be kept, and events of its room may not come', { connection, code });
    if (kind !== 'permanent') again = one.failure;
  }
  if (again !== undefined)
    throw tryAgain(`not all subscriptions were kept: ${again.code}`, again.retryAfterMs ?? usualRetryMs);
  return counts;
}
