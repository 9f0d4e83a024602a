import { createHmac } from 'node:crypto';
import type { Hook } from '../simulator-kit.ts';
import { idOf, mentionsOf, type Held, type WebexEvent } from './simulator-messages.ts';
import { botId, emailOf } from './simulator-people.ts';

/** A webhook as it was registered (developer.webex.com, "Webhooks", "Creating a Webhook"). */
export interface Webhook {
  readonly url: string;
  readonly secret: string;
  /** Whose token registered it: a bot's is told only of messages that mention the bot, an account's of all. */
  readonly by?: 'bot' | 'account';
  /** Such as `roomId=…&hasFiles=true`. */
  readonly filter?: string;
  /** Default: HMAC-SHA1 in X-Spark-Signature. */
  readonly signature?: 'sha1' | 'sha256';
  /** As what an edit comes: in 2020 it was `created` (webex-node-bot-framework#20). */
  readonly editsAs?: 'updated' | 'created';
}

/** A webhook is switched off by so many failures within that time (developer.webex.com, "Webhooks"). */
const maxFailures = 100;
const failureMs = 300_000;

export interface Registered extends Webhook {
  readonly failures: number[];
  status: 'active' | 'inactive';
}

/** What Webex tells of a change: never the text. `found` is the message after it. */
export function eventsOf(change: WebexEvent, found: Held, webhooks: readonly Registered[]): Hook[] {
  return webhooks.flatMap((one) => (one.status === 'active' && isTold(one, found) ? [hook(change, found, one)] : []));
}

function isTold({ by = 'account', filter }: Registered, found: Held): boolean {
  const mentioned = mentionsOf(found).map(({ value }) => value);
  if (by === 'bot' && !mentioned.includes(botId) && found.personId !== botId) return false;
  const { id: _id, ...data } = dataOf(found);
  return [...new URLSearchParams(filter ?? '')].every(([key, value]) => {
    if (key === 'hasFiles') return String(found.files !== undefined) === value;
    if (key === 'mentionedPeople') return mentioned.includes(value === 'me' ? botId : value);
    return data[key] === value;
  });
}

function dataOf(found: Held): Record<string, unknown> & { id: string } {
  const { id, roomId, personId, parentId, created, updated, files } = found;
  const mentions = mentionsOf(found);
  const mentionedPeople = mentions.filter(({ kind }) => kind === 'personId').map(({ value }) => value);
  return {
    id,
    roomId,
    roomType: 'group',
    personId,
    personEmail: emailOf(personId),
    ...(mentionedPeople.length === 0 ? {} : { mentionedPeople }),
    ...(mentions.some(({ kind }) => kind === 'all') ? { mentionedGroups: ['all'] } : {}),
    ...(files === undefined ? {} : { files: files.map((one) => `https://webexapis.com/v1/contents/${one.id}`) }),
    ...(parentId === undefined ? {} : { parentId }),
    created,
    ...(updated === undefined ? {} : { updated }),
  };
}

function hook(change: WebexEvent, found: Held, webhook: Registered): Hook {
  const { url, secret, filter, signature = 'sha1', editsAs = 'updated' } = webhook;
  const kind = 'kind' in change ? change.kind : 'create';
  const event = { create: 'created', edit: editsAs, delete: 'deleted' }[kind];
  const { id, roomId, personId } = found;
  const body = JSON.stringify({
    // The webhook's own, the same in all that it sends.
    id: idOf('WEBHOOK', 'carillon'),
    name: 'Carillon',
    targetUrl: url,
    resource: 'messages',
    event,
    ...(filter === undefined ? {} : { filter }),
    orgId: 'sim',
    createdBy: botId,
    appId: 'sim',
    ownedBy: 'creator',
    status: 'active',
    created: '2026-01-01T00:00:00.000Z',
    actorId: 'kind' in change && change.kind === 'delete' ? change.by : personId,
    data: kind === 'delete' ? { id, roomId, personId } : dataOf(found),
  });
  const sign = (algorithm: string): string => createHmac(algorithm, secret).update(body).digest('hex');
  const signed = signature === 'sha1' ? { 'x-spark-signature': sign('sha1') } : { 'x-webex-signature': sign('sha256') };
  return {
    url,
    // Nothing is said of sending again, so nothing is.
    schedule: [],
    timeoutMs: 10_000,
    isSentAgain: () => false,
    onAnswer: (status) => countFailure(webhook, status),
    make: () => ({ headers: { 'content-type': 'application/json', ...signed }, body }),
  };
}

function countFailure(webhook: Registered, status: number): void {
  if (status >= 200 && status < 300) return;
  const now = Date.now();
  webhook.failures.push(now);
  while ((webhook.failures[0] ?? now) < now - failureMs) webhook.failures.shift();
  if (webhook.failures.length >= maxFailures) webhook.status = 'inactive';
}
