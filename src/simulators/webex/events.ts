import { createHmac } from 'node:crypto';
import type { Hook } from '../kit/simulator.ts';
import { mentionsOf, type Held, type WebexEvent } from './messages.ts';
import { botId, emailOf } from './people.ts';

/** A webhook as it was registered (developer.webex.com, "Webhooks", "Creating a Webhook"). */
export interface Webhook {
  readonly url: string;
  readonly secret: string;
  /**
   * Whose token registered it. A webhook of a bot gets only the messages that mention the bot or that the bot sent; a
   * webhook of an account gets all messages.
   */
  readonly by?: 'bot' | 'account';
  /** Such as `roomId=…&hasFiles=true`. */
  readonly filter?: string;
  /** Default: HMAC-SHA1 in X-Spark-Signature. */
  readonly signature?: 'sha1' | 'sha256';
  /** The event that an edit causes. In 2020 it was `created` (webex-node-bot-framework#20). */
  readonly editsAs?: 'updated' | 'created';
}

/** Webex switches a webhook off after this many failures within `failureMs` (developer.webex.com, "Webhooks"). */
const maxFailures = 100;
const failureMs = 300_000;

export interface Registered extends Webhook {
  readonly id: string;
  readonly name: string;
  /** One of `created`, `updated`, `deleted` and `all`. */
  readonly event: string;
  readonly createdBy: string;
  readonly created: string;
  /** Times of its failures, in milliseconds since 1970. */
  readonly failures: number[];
  /** When it was last switched on again, in milliseconds since 1970. */
  readonly enabledAt?: number;
  status: 'active' | 'inactive';
}

/**
 * Returns the events that Webex sends for a change. They never hold the text. `found` is the message after the change.
 */
export function eventsOf(change: WebexEvent, found: Held, webhooks: readonly Registered[]): Hook[] {
  return webhooks.flatMap((one) => {
    const event = eventOf(change, one);
    const isWanted = one.status === 'active' && (one.event === 'all' || one.event === event) && isTold(one, found);
    return isWanted ? [hook(change, found, one)] : [];
  });
}

function eventOf(change: WebexEvent, { editsAs = 'updated' }: Webhook): string {
  const kind = 'kind' in change ? change.kind : 'create';
  return { create: 'created', edit: editsAs, delete: 'deleted' }[kind];
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
  const { url, secret, filter, signature = 'sha1' } = webhook;
  const { id, roomId, personId } = found;
  const body = JSON.stringify({
    // The id of the webhook, which is the same in all its events.
    id: webhook.id,
    name: webhook.name,
    targetUrl: url,
    resource: 'messages',
    event: eventOf(change, webhook),
    ...(filter === undefined ? {} : { filter }),
    orgId: 'sim',
    createdBy: webhook.createdBy,
    appId: 'sim',
    ownedBy: 'creator',
    status: 'active',
    created: webhook.created,
    actorId: 'kind' in change && change.kind === 'delete' ? change.by : personId,
    data: 'kind' in change && change.kind === 'delete' ? { id, roomId, personId } : dataOf(found),
  });
  const sign = (algorithm: string): string => createHmac(algorithm, secret).update(body).digest('hex');
  const signed = signature === 'sha1' ? { 'x-spark-signature': sign('sha1') } : { 'x-webex-signature': sign('sha256') };
  return {
    url,
    // Webex documents no second attempt, so the simulator makes none.
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
  // A webhook that was switched on again is switched off by its first failure.
  const isOnTrial = webhook.enabledAt !== undefined && now < webhook.enabledAt + failureMs;
  if (isOnTrial || webhook.failures.length >= maxFailures) webhook.status = 'inactive';
}
