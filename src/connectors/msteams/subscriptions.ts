import { SendFailure } from '../../domain/failure.ts';
import { hmac } from '../inbound/verify.ts';
import { listAt, textAt } from '../http/json-path.ts';
import type { HookConnection } from '../contract/context.ts';
import type { JsonCall } from '../http/json-call.ts';
import { asLookUp } from '../http/restated.ts';
import {
  hookUrlOf,
  keepSubscribed,
  type Subscribed,
  type SubscriptionContext,
  type Subscriptions,
  type WantedRoom,
} from '../contract/subscriptions.ts';
import { callGraph, graphUrlOf, hasGraph } from './graph.ts';
import { parseResource, placeOfRoom, resourcePath } from './graph-resource.ts';

/**
 * Subscriptions to messages live for at most one hour (learn.microsoft.com/graph, subscription resource, "Subscription
 * lifetime").
 */
const lifetimeMs = 55 * 60_000;
const maxPages = 20;
const maxResponseBytes = 1_024 * 1_024;

/**
 * Keeps a subscription to the messages of each bridged channel and chat (learn.microsoft.com/graph, "Create
 * subscription"). Those are ours that call our address. Notifications prove themselves by `clientState`. Lists may not
 * show it, so the address contains a hash of it by which an outdated subscription is recognized.
 */
export const subscriptions: Subscriptions = {
  isKept: (settings) => settings['graphEvents'] === true,
  async keep(rooms, connection, context) {
    const hook = hookUrlOf(connection);
    const [secret] = secretsOf(connection);
    if (!hasGraph(connection.settings) || (secret === undefined && rooms.length > 0)) throw incomplete();
    const clientState = clientStateOf(secret ?? '', connection);
    const url = `${hook}?mark=${hmac('sha256', clientState, 'hex', 'mark').slice(0, 8)}`;
    const call = caller(connection, context);
    const expirationDateTime = new Date(context.now.getTime() + lifetimeMs).toISOString();
    const create = async ({ room, address }: WantedRoom): Promise<Date | undefined> => {
      const place = placeOfRoom(room, address['team']);
      if (place === undefined) throw noTeam();
      const made = await call('POST', 'subscriptions', {
        changeType: 'created,updated,deleted',
        notificationUrl: url,
        lifecycleNotificationUrl: url,
        resource: `/${resourcePath(place)}`,
        expirationDateTime,
        clientState,
      });
      return dateAt(made, expirationDateTime);
    };
    const remove = async ({ id }: Subscribed): Promise<void> => {
      await call('DELETE', `subscriptions/${encodeURIComponent(id)}`).catch((error: unknown) => {
        if (!(error instanceof SendFailure && error.status === 404)) throw error;
      });
    };
    return keepSubscribed<Subscribed>(
      rooms,
      {
        list: async () => (await listAll(call)).flatMap((one) => read(one, { hook, url })),
        create,
        async mend(one, how, wanted) {
          if (how !== 'replaced') {
            const path = `subscriptions/${encodeURIComponent(one.id)}`;
            return dateAt(await call('PATCH', path, { expirationDateTime }), expirationDateTime);
          }
          const goodUntil = await create(wanted);
          await remove(one);
          return goodUntil;
        },
        remove,
      },
      context,
    );
  },
};

/**
 * The `clientState` that notifications of this connection must contain. Graph allows 128 characters, and nobody else
 * learns it.
 */
export function clientStateOf(secret: string, { id }: Pick<HookConnection, 'id'>): string {
  return hmac('sha256', secret, 'hex', `carillon ${id}`);
}

/**
 * The notification secrets of a connection. The first one makes new subscriptions; several are accepted while one is
 * being replaced.
 */
export function secretsOf({ settings }: HookConnection): readonly string[] {
  return (settings['notificationSecrets'] ?? []) as readonly string[];
}

type Call = (method: JsonCall['method'], pathOrUrl: string, body?: object) => Promise<unknown>;

function caller({ settings }: HookConnection, context: SubscriptionContext): Call {
  return async (method, path, body) => {
    const url = path.startsWith('http') ? path : graphUrlOf(settings) + path;
    try {
      return await callGraph({ method, url, ...(body && { body }), maxResponseBytes }, settings, context);
    } catch (error) {
      throw asLookUp(error);
    }
  };
}

/** Lists all subscriptions of the app, page by page (learn.microsoft.com/graph, "List subscriptions"). */
async function listAll(call: Call): Promise<unknown[]> {
  const all: unknown[] = [];
  let next: string | undefined = 'subscriptions';
  for (let page = 0; next !== undefined && page < maxPages; page += 1) {
    const json: unknown = await call('GET', next);
    all.push(...listAt(json, 'value'));
    next = textAt(json, '@odata.nextLink');
  }
  return all;
}

function read(one: unknown, { hook, url }: { hook: string; url: string }): Subscribed[] {
  const [id, called] = [textAt(one, 'id'), textAt(one, 'notificationUrl')];
  if (id === undefined || called?.split('?')[0] !== hook) return [];
  const goodUntil = dateAt(one);
  return [
    {
      id,
      room: parseResource(textAt(one, 'resource') ?? '')?.conversation,
      ...(goodUntil === undefined ? {} : { goodUntil }),
      isOff: false,
      isOutdated: called !== url,
    },
  ];
}

function dateAt(json: unknown, otherwise?: string): Date | undefined {
  const date = new Date(textAt(json, 'expirationDateTime') ?? otherwise ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

const incomplete = (): SendFailure =>
  new SendFailure({
    kind: 'permanent',
    affects: 'connection',
    code: 'no_graph',
    message: 'the connection names no graphTenant, or no notificationSecrets',
  });

const noTeam = (): SendFailure =>
  new SendFailure({
    kind: 'permanent',
    code: 'no_team',
    message: 'a channel is subscribed to by its team: name it in `team` of the address',
  });
