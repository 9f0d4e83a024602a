import { SendFailure } from '../../domain/failure.ts';
import type { LookUpContext, Values, HookConnection } from './context.ts';

/** A room whose events Carillon wants. */
export interface WantedRoom {
  /** In the form that `Inbound.roomOf` returns. */
  readonly room: string;
  /** The address of a destination in this room. */
  readonly address: Values;
}

/** What was done with a room's subscription; `nothing` if it was already as it should be. */
export type SubscriptionDone = 'nothing' | 'created' | 'renewed' | 'enabled' | 'replaced';

/**
 * The result for one room: what was done and when the subscription ends if Carillon does nothing more (no `goodUntil`
 * means that it does not end), or why no subscription could be kept.
 */
export type KeptRoom =
  | { readonly room: string; readonly did: SubscriptionDone; readonly goodUntil?: Date }
  | { readonly room: string; readonly failure: SendFailure };

export interface SubscriptionContext extends LookUpContext {
  /** Subscriptions that end before this time are renewed now, because the next check may come too late. */
  readonly until: Date;
  /**
   * Call this before creating a subscription or switching one on. It reports the rooms from which no events arrive at
   * the moment.
   */
  silent(rooms: readonly string[]): Promise<void>;
}

/** For platforms that send events only as long as a subscription is kept up. */
export interface Subscriptions {
  /** Whether the connection's settings tell Carillon to keep subscriptions. Called without the secrets. */
  isKept(settings: Values): boolean;
  /**
   * Brings the platform's list of subscriptions into the wanted state: one for each of these rooms, and none of ours
   * for any other room. It is called again and again, also after a crash. It relies only on the platform's own list, so
   * that no subscription is made twice.
   * @param rooms each room once; empty if no events are wanted any more.
   * @returns one entry for each room.
   * @throws SendFailure if the list could not be read.
   */
  keep(
    rooms: readonly WantedRoom[],
    connection: HookConnection,
    context: SubscriptionContext,
  ): Promise<readonly KeptRoom[]>;
}

/** One of our subscriptions as the platform lists it. */
export interface Subscribed {
  readonly id: string;
  /** Undefined if the subscription is for something that we do not know. */
  readonly room: string | undefined;
  readonly goodUntil?: Date;
  /** The platform has switched it off. */
  readonly isOff: boolean;
  /** It was made with another secret or hook address than the present ones. */
  readonly isOutdated: boolean;
}

/** The calls of a platform's API; each throws SendFailure. `create` and `mend` return when the subscription ends. */
export interface SubscriptionCalls<T extends Subscribed> {
  list(): Promise<readonly T[]>;
  create(wanted: WantedRoom): Promise<Date | undefined>;
  mend(one: T, how: 'renewed' | 'enabled' | 'replaced', wanted: WantedRoom): Promise<Date | undefined>;
  remove(one: T): Promise<void>;
}

/** Brings the platform's list of subscriptions into the wanted state with as few calls as possible. */
export async function keepSubscribed<T extends Subscribed>(
  rooms: readonly WantedRoom[],
  calls: SubscriptionCalls<T>,
  { until, silent }: Pick<SubscriptionContext, 'until' | 'silent'>,
): Promise<KeptRoom[]> {
  const all = await calls.list();
  const bestFor = ({ room }: WantedRoom): T | undefined => bestOf(all.filter((one) => one.room === room));
  const off = rooms.filter((wanted) => bestFor(wanted)?.isOff !== false);
  if (off.length > 0) await silent(off.map(({ room }) => room));
  const kept: KeptRoom[] = [];
  const chosen = new Set<T>();
  let hindrance: SendFailure | undefined;
  for (const wanted of rooms) {
    const { room } = wanted;
    const one = bestFor(wanted);
    if (one !== undefined) chosen.add(one);
    try {
      if (hindrance !== undefined) throw hindrance;
      kept.push(await keepOne(wanted, one, calls, until));
    } catch (error) {
      if (!(error instanceof SendFailure)) throw error;
      kept.push({ room, failure: error });
      // If the platform tells us to wait, or refuses the connection, make no further calls.
      if (error.retryAfterMs !== undefined || error.affects === 'connection') hindrance = error;
    }
  }
  const surplus = hindrance === undefined ? all.filter((one) => !chosen.has(one)) : [];
  for (const one of surplus)
    await calls.remove(one).catch((error: unknown) => {
      // A surplus subscription does not make the others fail. The next check tries to remove it again.
      if (!(error instanceof SendFailure) || rooms.length === 0) throw error;
    });
  return kept;
}

async function keepOne<T extends Subscribed>(
  wanted: WantedRoom,
  one: T | undefined,
  calls: SubscriptionCalls<T>,
  until: Date,
): Promise<KeptRoom> {
  const told = (did: SubscriptionDone, goodUntil: Date | undefined): KeptRoom => ({
    room: wanted.room,
    did,
    ...(goodUntil === undefined ? {} : { goodUntil }),
  });
  if (one === undefined) return told('created', await calls.create(wanted));
  const how = one.isOutdated
    ? 'replaced'
    : one.isOff
      ? 'enabled'
      : one.goodUntil && one.goodUntil < until
        ? 'renewed'
        : undefined;
  return how === undefined ? told('nothing', one.goodUntil) : told(how, await calls.mend(one, how, wanted));
}

/** Of several subscriptions for one room, chooses the one that needs the fewest changes. The others are surplus. */
function bestOf<T extends Subscribed>(all: readonly T[]): T | undefined {
  const rank = ({ isOff, isOutdated }: T): number => (isOutdated ? 2 : 0) + (isOff ? 1 : 0);
  return [...all].sort((a, b) => rank(a) - rank(b) || (b.goodUntil?.getTime() ?? 0) - (a.goodUntil?.getTime() ?? 0))[0];
}

/**
 * Returns the hook address that a platform is to call.
 * @throws SendFailure `permanent` if the configuration does not say it.
 */
export function hookUrlOf({ url }: HookConnection): string {
  if (url !== undefined) return url;
  throw new SendFailure({
    kind: 'permanent',
    affects: 'connection',
    code: 'no_public_url',
    message:
      'nobody says at which address the platform reaches us: CARILLON_PUBLIC_URL, and an id of the connection that hooks find',
  });
}
