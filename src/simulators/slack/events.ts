import { createHmac } from 'node:crypto';
import type { Hook } from '../kit/simulator.ts';
import { shown, type Held, type SlackEvent } from './posts.ts';

/** An app that gets the events at `url`, and the secret that signs them. */
export interface Subscription {
  readonly url: string;
  readonly secret: string;
}

/**
 * Waits in milliseconds: Slack sends again almost at once, after 1 minute and after 5 more (docs.slack.dev, "Events
 * API", "Error handling").
 */
const schedule = [100, 60_000, 300_000];
const app = 'A0CARILLON';

/**
 * Returns the event that Slack sends to each subscriber after a change. Edits and deletions are messages with a
 * subtype.
 * @param posts the messages of the channel after the change.
 */
export function eventsOf(change: SlackEvent, posts: readonly Held[], subscriptions: readonly Subscription[]): Hook[] {
  const event = describe(change, posts);
  if (event === undefined) return [];
  return subscriptions.map((subscription) => hook(event, idOf(change, event), subscription));
}

function describe(change: SlackEvent, posts: readonly Held[]): Record<string, unknown> | undefined {
  const found = posts.find(({ ts }) => ts === change.ts);
  if (found === undefined) return undefined;
  const { channel } = change;
  const place = { channel, channel_type: 'channel' };
  const message = shown(found, { allMetadata: true });
  if (!('kind' in change)) {
    const subtype = found.files === undefined ? {} : { subtype: 'file_share' };
    return { type: 'message', ...subtype, ...message, ...place, event_ts: change.ts };
  }
  switch (change.kind) {
    case 'edit':
      return {
        type: 'message',
        subtype: 'message_changed',
        hidden: true,
        message,
        previous_message: { ...message, text: 'as it was before', edited: undefined },
        ...place,
        ts: change.at,
        event_ts: change.at,
      };
    case 'delete': {
      const { ts } = found;
      const at = `${Math.floor(Date.now() / 1_000)}.000200`;
      const deleted = { subtype: 'message_deleted', hidden: true, deleted_ts: ts, previous_message: message };
      return { type: 'message', ...deleted, ...place, ts: at, event_ts: at };
    }
    default:
      return {
        type: change.kind === 'react' ? 'reaction_added' : 'reaction_removed',
        user: change.user,
        reaction: change.name,
        item: { type: 'message', channel, ts: change.ts },
        item_user: found.user ?? 'U0CARILLON',
        event_ts: change.at,
      };
  }
}

/** Returns the id of an event. A redelivery has the same id; each other event has another one. */
function idOf(change: SlackEvent, event: Record<string, unknown>): string {
  const digest = createHmac('sha256', 'event')
    .update(JSON.stringify([change, event['event_ts']]))
    .digest('hex');
  return `Ev${digest.slice(0, 10).toUpperCase()}`;
}

function hook(event: Record<string, unknown>, eventId: string, { url, secret }: Subscription): Hook {
  const body = JSON.stringify({
    token: 'deprecated',
    team_id: 'T0SIM',
    api_app_id: app,
    event,
    type: 'event_callback',
    event_id: eventId,
    event_time: Math.floor(Number(event['event_ts'])),
    authorizations: [{ enterprise_id: null, team_id: 'T0SIM', user_id: 'U0CARILLON', is_bot: true }],
    is_ext_shared_channel: false,
  });
  return {
    url,
    schedule,
    timeoutMs: 3_000,
    isSentAgain: () => true,
    make: (now, attempt) => {
      const timestamp = String(Math.floor(now.getTime() / 1_000));
      const signature = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
      const headers = {
        'content-type': 'application/json',
        'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
        'x-slack-request-timestamp': timestamp,
        'x-slack-signature': `v0=${signature}`,
        ...(attempt === 0 ? {} : { 'x-slack-retry-num': String(attempt), 'x-slack-retry-reason': 'http_error' }),
      };
      return { headers, body };
    },
  };
}
