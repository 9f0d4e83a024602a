import { SendFailure } from '../../domain/failure.ts';
import type { LookUpContext, Target } from '../contract/context.ts';
import { hmac } from '../inbound/verify.ts';
import { listAt, textAt } from '../http/json-path.ts';
import { hookUrlOf, keepSubscribed, type Subscribed, type Subscriptions } from '../contract/subscriptions.ts';
import { callWebex } from './api.ts';

const pageSize = 100;
const maxPages = 20;

/**
 * Keeps one webhook for each room (developer.webex.com, "Webhooks"). A webhook does not expire, but is switched off
 * after a hundred failures within five minutes. Those are ours that call our address and have our name.
 */
export const subscriptions: Subscriptions = {
  isKept: (settings) => settings['keepWebhooks'] === true,
  async keep(rooms, connection, context) {
    const targetUrl = hookUrlOf(connection);
    const secret = ((connection.settings['webhookSecrets'] ?? []) as readonly string[])[0];
    if (secret === undefined && rooms.length > 0) throw noSecret();
    const name = nameOf(connection.id, secret ?? '');
    const call = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object) =>
      callWebex({ method, path, about: 'look-up', ...(body === undefined ? {} : { body }) }, connection, context);
    const ours = { name, targetUrl, secret };
    return keepSubscribed<Subscribed>(
      rooms,
      {
        list: async () => (await listWebhooks(connection, context)).flatMap((one) => read(one, connection.id, ours)),
        async create({ room }) {
          const what = { resource: 'messages', event: 'all', filter: `roomId=${room}` };
          await call('POST', 'webhooks', { ...ours, ...what });
          return undefined;
        },
        async mend({ id }) {
          await call('PUT', `webhooks/${encodeURIComponent(id)}`, { ...ours, status: 'active' });
          return undefined;
        },
        async remove({ id }) {
          await call('DELETE', `webhooks/${encodeURIComponent(id)}`).catch((error: unknown) => {
            if (!(error instanceof SendFailure && error.status === 404)) throw error;
          });
        },
      },
      context,
    );
  },
};

/**
 * The name of our webhooks, with a hash of the secret. It is not documented that Webex shows the secret itself, and a
 * webhook with an outdated secret must be recognized.
 */
const nameOf = (connection: string, secret: string): string =>
  `${ownName(connection)}${hmac('sha256', secret, 'hex', 'carillon webhook').slice(0, 8)}`;
const ownName = (connection: string): string => `Carillon ${connection} `;

function read(webhook: unknown, connection: string, ours: { name: string; targetUrl: string }): Subscribed[] {
  const [id, name] = [textAt(webhook, 'id'), textAt(webhook, 'name')];
  const isOurs = textAt(webhook, 'targetUrl') === ours.targetUrl && name?.startsWith(ownName(connection)) === true;
  if (id === undefined || !isOurs) return [];
  return [
    {
      id,
      room: new URLSearchParams(textAt(webhook, 'filter')).get('roomId') ?? undefined,
      isOff: textAt(webhook, 'status') === 'inactive',
      isOutdated: name !== ours.name,
    },
  ];
}

/** Lists all webhooks; each page links to the next (developer.webex.com, "Pagination"). */
async function listWebhooks(connection: Target['connection'], context: LookUpContext): Promise<unknown[]> {
  const all: unknown[] = [];
  let path: string | undefined = `webhooks?max=${pageSize}`;
  for (let page = 0; path !== undefined && page < maxPages; page += 1) {
    const { json, headers } = await callWebex({ method: 'GET', path, about: 'look-up' }, connection, context);
    all.push(...listAt(json, 'items'));
    const query = /<[^>]*\/webhooks(\?[^>]*)>\s*;\s*rel="?next"?/.exec(String(headers['link'] ?? ''))?.[1];
    path = query === undefined ? undefined : `webhooks${query}`;
  }
  return all;
}

const noSecret = (): SendFailure =>
  new SendFailure({
    kind: 'permanent',
    affects: 'connection',
    code: 'no_webhook_secret',
    message: 'the connection has no webhook secret, and a webhook without one could be anybody’s',
  });
