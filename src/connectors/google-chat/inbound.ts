import { readHookJson } from '../inbound/verify.ts';
import type { HookRequest, Inbound, ReceiveContext, Received } from '../contract/inbound.ts';
import type { HookConnection } from '../contract/context.ts';
import { history } from './history.ts';
import { openFile } from './files.ts';
import { readInteraction } from './inbound-interaction.ts';
import { readPush, subscriptionLifecycle } from './inbound-push.ts';
import { linkKey, threadKey } from './native-id.ts';
import { subscriptions } from './subscriptions.ts';
import { verify } from './verify.ts';

/**
 * One hook serves both kinds of events: interaction events, which Google Chat sends to the app, and Workspace Events,
 * which Pub/Sub pushes. Pub/Sub repeats a request unless the answer is a 2xx. Google does not publish what Google Chat
 * does in that case.
 */
export const inbound: Inbound = {
  receive,
  unavailable: { status: 503 },
  roomOf: ({ space }) => (typeof space === 'string' ? space : undefined),
  linkKey,
  threadKey,
  history,
  subscriptions,
  openFile,
};

/** An empty object posts no answer in the space. */
const ok = { status: 200, body: {} } as const;

async function receive(request: HookRequest, connection: HookConnection, context: ReceiveContext): Promise<Received> {
  const verified = await verify(request, connection, context);
  if ('kind' in verified) return verified;
  const read = readHookJson(request);
  if ('not' in read) return read.not;
  const readEvent = verified.source === 'push' ? readPush : readInteraction;
  const events = readEvent(read.json, connection.id);
  if (typeof events === 'string') return { kind: 'unreadable', answer: ok, message: events };
  const isLifecycle = events.some((event) => 'ignored' in event && event.ignored === subscriptionLifecycle);
  const wantsLook = isLifecycle && subscriptions.isKept(connection.settings);
  return { kind: 'events', events, answer: ok, ...(wantsLook ? { wantsLook } : {}) };
}
