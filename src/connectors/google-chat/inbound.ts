import { readHookJson } from '../hook-checks.ts';
import type { HookConnection, HookRequest, Inbound, ReceiveContext, Received } from '../inbound.ts';
import { history } from './catch-up.ts';
import { openFile } from './files.ts';
import { readInteraction } from './inbound-interaction.ts';
import { readPush } from './inbound-push.ts';
import { linkKey, threadKey } from './native-id.ts';
import { verify } from './verify.ts';

/**
 * One hook for both: interaction events, which Google Chat sends to the app, and Workspace Events, which Pub/Sub pushes.
 * Pub/Sub sends again what was answered with anything but a 2xx; what Google Chat does then is not published.
 */
export const inbound: Inbound = {
  receive,
  unavailable: { status: 503 },
  roomOf: ({ space }) => (typeof space === 'string' ? space : undefined),
  linkKey,
  threadKey,
  history,
  openFile,
};

/** An empty message is no answer in the space. */
const ok = { status: 200, body: {} } as const;

async function receive(request: HookRequest, connection: HookConnection, context: ReceiveContext): Promise<Received> {
  const verified = await verify(request, connection, context);
  if ('kind' in verified) return verified;
  const read = readHookJson(request);
  if ('not' in read) return read.not;
  const readEvent = verified.source === 'push' ? readPush : readInteraction;
  const event = readEvent(read.json, connection.id);
  return typeof event === 'string'
    ? { kind: 'unreadable', answer: ok, message: event }
    : { kind: 'events', events: event, answer: ok };
}
