import { SendFailure } from '../../domain/failure.ts';
import type { LookUpContext, Values, HookConnection } from '../contract/context.ts';
import { at, listAt, textAt } from '../http/json-path.ts';
import { asLookUp, restated } from '../http/restated.ts';
import { keepSubscribed, type Subscribed, type Subscriptions, type WantedRoom } from '../contract/subscriptions.ts';
import { eventTypes, ofOurTypes } from './history.ts';
import { callChat, type ChatCall } from './api.ts';
import { alreadyExists } from './errors.ts';

const target = '//chat.googleapis.com/';
const maxPages = 20;
const pageSize = 100;
/**
 * The shortest life of a subscription with resources. Only used if Google's answer does not say when the subscription
 * ends.
 */
const leastMs = 4 * 3_600_000;

/**
 * Keeps a subscription to Workspace Events with their resource for each bridged space
 * (developers.google.com/workspace/events, "Create a Google Workspace subscription"), each for the longest time that
 * Google grants. A person can authorize only one subscription per space, and an app alone needs an administrator's
 * approval. A subscription is ours if its events go to our topic.
 */
export const subscriptions: Subscriptions = {
  isKept: ({ pubsubTopic }) => pubsubTopic !== undefined,
  async keep(rooms, connection, context) {
    const { settings } = connection;
    // Without a topic we cannot tell which subscriptions are ours. They expire on their own.
    if (!subscriptions.isKept(settings)) return [];
    if (settings['historyUser'] === undefined) throw incomplete('historyUser');
    if (rooms.length > 0 && !isHeard(settings)) throw incomplete('pushAudience or pushServiceAccount');
    const call = caller(connection, context);
    const lastsUntil = (operation: unknown): Date =>
      expiryOf(at(operation, 'response')) ?? new Date(context.now.getTime() + leastMs);
    const create = async ({ room }: WantedRoom): Promise<Date> =>
      lastsUntil(
        await call('POST', 'subscriptions', {
          targetResource: target + room,
          eventTypes,
          notificationEndpoint: { pubsubTopic: settings['pubsubTopic'] },
          payloadOptions: { includeResource: true },
        }),
      );
    const remove = async ({ id }: Subscribed): Promise<void> => {
      await call('DELETE', id).catch((error: unknown) => {
        if (!(error instanceof SendFailure && error.status === 404)) throw error;
      });
    };
    return keepSubscribed<Subscribed>(
      rooms,
      {
        list: async () => (await listAll(call)).flatMap((one) => read(one, settings)),
        create,
        async mend(one, how, wanted) {
          if (how === 'enabled') return lastsUntil(await call('POST', `${one.id}:reactivate`, {}));
          // `0s` asks for the longest time ("Update or renew a Google Workspace subscription").
          if (how === 'renewed') return lastsUntil(await call('PATCH', `${one.id}?updateMask=ttl`, { ttl: '0s' }));
          // Google refuses a second subscription to the same space.
          await remove(one);
          return create(wanted);
        },
        remove,
      },
      context,
    );
  },
};

type Call = (method: ChatCall['method'], path: string, body?: object) => Promise<unknown>;

/**
 * Makes a call. A call that changes something is answered with an operation, which may have failed
 * (google.longrunning.Operation).
 */
function caller(connection: HookConnection, context: LookUpContext): Call {
  const isAgreed = (status: number, json: unknown): boolean => status < 300 && at(json, 'error') === undefined;
  return async (method, path, body) => {
    const call: ChatCall = { api: 'events', method, path, ...(body && { body }), isAgreed, asPerson: true };
    try {
      return (await callChat(call, connection, context)).json;
    } catch (error) {
      // Another topic already has this space. Repeating the request does not change that.
      const isTaken = error instanceof SendFailure && error.code === alreadyExists;
      throw isTaken ? restated(error, { kind: 'permanent' }) : asLookUp(error);
    }
  };
}

/**
 * Lists all subscriptions that this app made as this person, page by page (subscriptions.list). Google refuses a list
 * without a filter.
 */
async function listAll(call: Call): Promise<unknown[]> {
  const all: unknown[] = [];
  let pageToken: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const query = { filter: ofOurTypes, pageSize: String(pageSize), ...(pageToken && { pageToken }) };
    const json = await call('GET', `subscriptions?${new URLSearchParams(query).toString()}`);
    all.push(...listAt(json, 'subscriptions'));
    pageToken = textAt(json, 'nextPageToken');
    if (pageToken === undefined) break;
  }
  return all;
}

function read(one: unknown, { pubsubTopic }: Values): Subscribed[] {
  const [id, of] = [textAt(one, 'name'), textAt(one, 'targetResource')];
  const isOurs = textAt(one, 'notificationEndpoint', 'pubsubTopic') === pubsubTopic;
  if (id === undefined || !isOurs) return [];
  const goodUntil = expiryOf(one);
  const types = listAt(one, 'eventTypes');
  const isWhole = at(one, 'payloadOptions', 'includeResource') === true && eventTypes.every((e) => types.includes(e));
  return [
    {
      id,
      room: of?.startsWith(target) === true ? of.slice(target.length) : undefined,
      ...(goodUntil === undefined ? {} : { goodUntil }),
      isOff: textAt(one, 'state') === 'SUSPENDED',
      isOutdated: !isWhole,
    },
  ];
}

function expiryOf(subscription: unknown): Date | undefined {
  const date = new Date(textAt(subscription, 'expireTime') ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** Whether requests from Pub/Sub would be accepted. */
const isHeard = ({ pushAudience, pushServiceAccount }: Values): boolean =>
  pushAudience !== undefined && pushServiceAccount !== undefined;

const incomplete = (what: string): SendFailure =>
  new SendFailure({
    kind: 'permanent',
    affects: 'connection',
    code: 'no_workspace_events',
    message: `the connection names a pubsubTopic, and no ${what}`,
  });
