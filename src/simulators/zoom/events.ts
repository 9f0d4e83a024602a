import { createHmac, randomUUID } from 'node:crypto';
import type { Hook } from '../kit/simulator.ts';
import type { Held, ZoomEvent } from './messages.ts';
import { memberId, userOf } from './users.ts';

/** A receiver of the events at `url`, and the secret that signs them. */
export interface Subscription {
  readonly url: string;
  readonly secret: string;
  /** Whether the endpoint passed the challenge-response check; undefined before the check. */
  isValid?: boolean;
}

/**
 * Waits in milliseconds: Zoom makes three more attempts, after 5 minutes, 20 more and 60 more ("Using webhooks",
 * retries).
 */
const schedule = [300_000, 1_200_000, 3_600_000];
const timeoutMs = 3_000;

const names = {
  sent: 'team_chat.channel_message_posted',
  edited: 'team_chat.channel_message_updated',
  deleted: 'team_chat.channel_message_deleted',
  reacted: 'team_chat.channel_reaction_added',
  unreacted: 'team_chat.channel_reaction_removed',
} as const;

/**
 * Returns the events that Zoom sends for a change. The first event of a subscription follows the check of its endpoint.
 * @param messages the messages of the channel after the change.
 */
export function eventsOf(change: ZoomEvent, messages: readonly Held[], subscriptions: readonly Subscription[]): Hook[] {
  const found = messages.find(({ id }) => id === change.id);
  if (found === undefined) return [];
  const body = JSON.stringify(describe(change, found));
  return subscriptions.flatMap((one) => {
    const check = one.isValid === undefined ? [validation(one)] : [];
    return [...check, hook(one, body)];
  });
}

/** Returns the body of an event. It says neither who is mentioned in a message nor where its files are. */
function describe(change: ZoomEvent, found: Held): object {
  const operator = userOf(change.from);
  return {
    event: names[change.kind],
    event_ts: change.timestamp,
    payload: {
      account_id: 'SimAccount',
      operator: operator?.email ?? '',
      operator_id: operator?.id ?? '',
      operator_member_id: operator === undefined ? '' : memberId(operator),
      by_external_user: false,
      object: objectOf(change, found),
    },
  };
}

function objectOf(change: ZoomEvent, found: Held): object {
  const { channel, id, reply_main_message_id: root, timestamp, message, rich_text, files } = found;
  if (change.kind === 'reacted' || change.kind === 'unreacted')
    return {
      msg_id: id,
      msg_time: iso(timestamp),
      emoji: change.emoji,
      emoji_time: iso(change.timestamp),
      timestamp: change.timestamp,
      channel_id: channel,
    };
  const place = { channel_id: channel, channel_name: 'simulated', date_time: iso(timestamp), timestamp };
  const thread = root === undefined ? {} : { reply_main_message_id: root };
  if (change.kind === 'deleted') return { message_id: id, ...thread, ...place };
  const more = {
    ...(rich_text.length === 0 ? {} : { rich_text }),
    ...(files.length === 0
      ? {}
      : {
          files: files.map(({ base64: _bytes, media_type: _type, download_url: _url, ...file }) => ({
            ...file,
            file_message_type: 'file',
          })),
        }),
  };
  return { message_id: id, ...thread, ...place, message, ...more };
}

const iso = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');

/** Returns an event for one receiver. It is sent again only after a status of 500 or more, or after no answer. */
function hook({ url, secret }: Subscription, body: string): Hook {
  const id = randomUUID();
  return {
    url,
    schedule,
    timeoutMs,
    isSentAgain: (status) => status === undefined || status >= 500,
    make: (now) => ({ headers: headersOf(now, secret, body, id), body }),
  };
}

/** Returns the check `endpoint.url_validation`. The answer must hold the token and its HMAC under the secret. */
function validation(subscription: Subscription): Hook {
  const { url, secret } = subscription;
  subscription.isValid = false;
  const plainToken = randomUUID().slice(0, 22);
  const encryptedToken = createHmac('sha256', secret).update(plainToken).digest('hex');
  const body = JSON.stringify({ event: 'endpoint.url_validation', event_ts: Date.now(), payload: { plainToken } });
  return {
    url,
    schedule: [],
    timeoutMs,
    isSentAgain: () => false,
    make: (now) => ({ headers: headersOf(now, secret, body, plainToken), body }),
    onAnswer(status, answer) {
      try {
        const given = JSON.parse(answer) as Record<string, unknown>;
        const isRight = given['plainToken'] === plainToken && given['encryptedToken'] === encryptedToken;
        subscription.isValid = (status === 200 || status === 204) && isRight;
      } catch {
        // The answer is not JSON, so the endpoint does not know the check.
        subscription.isValid = false;
      }
    },
  };
}

function headersOf(now: Date, secret: string, body: string, id: string): Record<string, string> {
  const timestamp = String(Math.floor(now.getTime() / 1_000));
  const signature = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
  return {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'Zoom Marketplace/1.0a',
    'x-zm-request-timestamp': timestamp,
    'x-zm-signature': `v0=${signature}`,
    'x-zm-request-id': id,
  };
}
