import { SendFailure } from '../../domain/failure.ts';
import type { LookUpContext, Values, HookConnection } from './context.ts';

/** A room whose events are wanted. */
export interface WantedRoom {
  /** As `Inbound.roomOf` names it. */
  readonly room: string;
  /** Of a destination that names it. */
  readonly address: Values;
}

/** What was done for a room's subscription; `nothing` where it was as it should be. */
export type SubscriptionDone = 'nothing' | 'created' | 'renewed' | 'enabled' | 'replaced';

/** One room: what was done, and until when it is good without us (absent: for ever); or why it could not be kept. */
export type KeptRoom =
  | { readonly room: string; readonly did: SubscriptionDone; readonly goodUntil?: Date }
  | { readonly room: string; readonly failure: SendFailure };

export interface SubscriptionContext extends LookUpContext {
  /** What lapses before this is renewed now: the next look may come too late. */
  readonly until: Date;
  /** To be called before anything is made or switched on: of these rooms nothing comes as it is now. */
  silent(rooms: readonly string[]): Promise<void>;
}

/** Of platforms that send events only while somebody keeps asking for them. */
export interface Subscriptions {
  /** Whether the connection's settings say that we keep them. Called without the secrets. */
  isKept(settings: Values): boolean;
  /**
   * Makes what the platform holds for this connection what it should be: one subscription for each of these rooms, and
   * none of ours for any other. Called again and again, and after a crash; nothing but the platform's own list says what
   * is there, so that nothing is made twice.
   * @param rooms each once; empty when nothing is wanted any more.
   * @returns an entry for each room.
   * @throws SendFailure where not even the list could be had.
   */
  keep(
    rooms: readonly WantedRoom[],
    connection: HookConnection,
    context: SubscriptionContext,
  ): Promise<readonly KeptRoom[]>;
}

/** One subscription of ours, as the platform lists it. */
export interface Subscribed {
  readonly id: string;
  /** Absent where it is of nothing that we know. */
  readonly room: string | undefined;
  readonly goodUntil?: Date;
  /** The platform has switched it off. */
  readonly isOff: boolean;
  /** It is of another secret or address than what is set now. */
  readonly isOutdated: boolean;
}

/** What a platform's API does; each throws SendFailure. What makes or mends one returns until when it is good. */
export interface SubscriptionCalls<T extends Subscribed> {
  list(): Promise<readonly T[]>;
  create(wanted: WantedRoom): Promise<Date | undefined>;
  mend(one: T, how: 'renewed' | 'enabled' | 'replaced', wanted: WantedRoom): Promise<Date | undefined>;
  remove(one: T): Promise<void>;
}

/** Makes the platform's list what it should be, with as few calls as that needs. */
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
      // Who asks us to stay away, or knows us no more, is asked nothing else.
      if (error.retryAfterMs !== undefined || error.affects === 'connection') hindrance = error;
    }
  }
  const surplus = hindrance === undefined ? all.filter((one) => !chosen.has(one)) : [];
  for (const one of surplus)
    await calls.remove(one).catch((error: unknown) => {
      // What is kept is kept all the same; the next look tries again.
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

/** Of several for one room the one that needs least; the others are surplus. */
function bestOf<T extends Subscribed>(all: readonly T[]): T | undefined {
  const rank = ({ isOff, isOutdated }: T): number => (isOutdated ? 2 : 0) + (isOff ? 1 : 0);
  return [...all].sort((a, b) => rank(a) - rank(b) || (b.goodUntil?.getTime() ?? 0) - (a.goodUntil?.getTime() ?? 0))[0];
}

/**
 * The address that a platform is to call.
 * @throws SendFailure permanent where the configuration does not say it.
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
