import { createHmac } from 'node:crypto';
import type { Hook } from '../kit/simulator.ts';
import { signToken, type Identity } from './identity.ts';
import { aadOf, nameOf } from './people.ts';
import type { Held, TeamsEvent } from './posts.ts';

/** A receiver of activities: a bot, or with a secret an outgoing webhook. */
export interface Subscription {
  readonly url: string;
  readonly appId: string;
  /** The key of the signature in base64, as Teams shows it when the webhook is created. */
  readonly secret?: string;
}

/**
 * Waits in milliseconds. That Teams sends an activity again is documented (msteams-docs, "Bot basics"); when and how
 * often is not.
 */
const schedule = [1_000, 10_000];
const serviceUrl = 'https://smba.trafficmanager.net/sim/';

/**
 * Returns the activities that a change causes. A bot does not hear of its own messages (msteams-docs, "Conversation
 * events"; bot-docs, "Activity object").
 * @param posts the messages of the conversation after the change.
 */
export function eventsOf(
  change: TeamsEvent,
  posts: readonly Held[],
  subscriptions: readonly Subscription[],
  identity: Identity,
): Hook[] {
  const found = posts.find(({ id }) => id === change.id);
  const ofBot = found?.user === undefined && change.kind !== 'react' && change.kind !== 'unreact';
  if (found === undefined || ofBot) return [];
  return subscriptions
    .filter(({ secret }) => secret === undefined || change.kind === 'post')
    .map((subscription) => hook(activityOf(change, found, subscription.appId), subscription, identity));
}

function activityOf(change: TeamsEvent, found: Held, appId: string): object {
  const { conversation, root } = found;
  const inChannel = root !== undefined;
  const at = change.kind === 'post' ? new Date(Number(found.id)).toISOString() : change.at;
  const user = change.kind === 'react' || change.kind === 'unreact' ? change.user : found.user;
  const common = {
    timestamp: at,
    serviceUrl,
    channelId: 'msteams',
    from: { id: user, name: nameOf(user), aadObjectId: aadOf(user ?? '') },
    conversation: {
      id: inChannel ? `${conversation};messageid=${root}` : conversation,
      conversationType: inChannel ? 'channel' : 'groupChat',
      tenantId: 'tenant-sim',
      isGroup: true,
    },
    recipient: { id: `28:${appId}`, name: 'Carillon' },
  };
  const data = { tenant: { id: 'tenant-sim' }, ...(inChannel && { channel: { id: conversation } }) };
  switch (change.kind) {
    case 'post':
      return { type: 'message', id: found.id, ...common, ...contentOf(found), channelData: data };
    case 'edit': {
      const channelData = { ...data, eventType: 'editMessage' };
      return { type: 'messageUpdate', id: found.id, ...common, ...contentOf(found), channelData };
    }
    case 'delete':
      return {
        type: 'messageDelete',
        id: found.id,
        ...common,
        channelData: { ...data, eventType: 'softDeleteMessage' },
      };
    default: {
      const list = change.kind === 'react' ? 'reactionsAdded' : 'reactionsRemoved';
      const id = `f:${createHmac('sha256', 'reaction').update(JSON.stringify(change)).digest('hex').slice(0, 8)}`;
      return {
        type: 'messageReaction',
        id,
        ...common,
        replyToId: found.id,
        [list]: [{ type: change.type }],
        channelData: data,
      };
    }
  }
}

function contentOf({ text, html, entities, file, id, root }: Held): object {
  const copy = { contentType: 'text/html', content: html ?? '' };
  const download = file && {
    contentType: 'application/vnd.microsoft.teams.file.download.info',
    contentUrl: `https://sim.sharepoint.com/${file.name}`,
    name: file.name,
    content: { downloadUrl: file.url, uniqueId: `file-${id}`, fileType: 'x' },
  };
  const reply = root === undefined || root === id ? {} : { replyToId: root };
  return { text, textFormat: 'plain', attachments: [copy, ...(download ? [download] : [])], entities, ...reply };
}

function hook(activity: object, { url, appId, secret }: Subscription, identity: Identity): Hook {
  const body = JSON.stringify(activity);
  return {
    url,
    schedule: secret === undefined ? schedule : [],
    timeoutMs: secret === undefined ? 15_000 : 5_000,
    isSentAgain: () => true,
    make: (now) => {
      const authorization =
        secret === undefined
          ? `Bearer ${signToken(identity, { appId, serviceUrl, now })}`
          : `HMAC ${createHmac('sha256', Buffer.from(secret, 'base64')).update(body).digest('base64')}`;
      return { headers: { 'content-type': 'application/json; charset=utf-8', authorization }, body };
    },
  };
}
