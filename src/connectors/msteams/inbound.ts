import { hmac, isSignedBy, readHookJson, refuse } from '../inbound/verify.ts';
import type { HookRequest, Inbound, ReceiveContext, Received } from '../contract/inbound.ts';
import type { HookConnection } from '../contract/context.ts';
import { history } from './history.ts';
import { openFile } from './files.ts';
import { fetchMessage } from './fetch.ts';
import { readActivity } from './inbound-event.ts';
import { receiveGraph } from './inbound-graph.ts';
import { linkKey } from './native-id.ts';
import { subscriptions } from './subscriptions.ts';
import { verifyToken, vouchesFor } from './verify.ts';

/** Teams waits 15 s for the answer, and repeats some activities if none comes (msteams-docs, "Bot basics"). */
export const inbound: Inbound = {
  receive,
  unavailable: { status: 503 },
  roomOf: ({ conversation }) => (typeof conversation === 'string' ? conversation : undefined),
  linkKey,
  history,
  openFile,
  fetch: fetchMessage,
  subscriptions,
};

const ok = { status: 200, body: {} } as const;
/**
 * The answer to an outgoing webhook must be a message, which Teams shows (msteams-docs, "Create an outgoing webhook").
 */
const passedOn = { status: 200, body: { type: 'message', text: '✓' } } as const;

/**
 * The bot's activities, outgoing webhooks and Graph's notifications come to the same address. The way in which they are
 * signed distinguishes them.
 */
async function receive(request: HookRequest, connection: HookConnection, context: ReceiveContext): Promise<Received> {
  const [, scheme = '', proof = ''] = /^(\S+) +(\S+) *$/.exec(request.headers['authorization'] ?? '') ?? [];
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return receiveActivity(proof, request, connection, context);
    case 'hmac':
      return receiveWebhook(proof, request, connection);
    default:
      return (
        receiveGraph(request, connection, context.now) ??
        refuse(401, 'missing_signature', 'the request holds neither a token nor a MAC')
      );
  }
}

async function receiveActivity(
  token: string,
  request: HookRequest,
  connection: HookConnection,
  context: ReceiveContext,
): Promise<Received> {
  const verified = await verifyToken(token, connection, context);
  if ('not' in verified) return verified.not;
  const read = readHookJson(request);
  if ('not' in read) return read.not;
  return vouchesFor(verified, read.json) ?? eventsOf(read.json, connection, ok);
}

/** The key of the MAC is the token after decoding its base64. */
function receiveWebhook(mac: string, request: HookRequest, connection: HookConnection): Received {
  const secrets = (connection.settings['outgoingWebhookSecrets'] ?? []) as readonly string[];
  const sign = (secret: string): string => hmac('sha256', Buffer.from(secret, 'base64'), 'base64', request.body);
  if (!isSignedBy(mac, secrets, sign))
    return refuse(401, 'bad_signature', 'the MAC is of another token, or of another body');
  const read = readHookJson(request);
  return 'not' in read ? read.not : eventsOf(read.json, connection, passedOn);
}

function eventsOf(
  activity: Readonly<Record<string, unknown>>,
  connection: HookConnection,
  answer: typeof ok | typeof passedOn,
): Received {
  const events = readActivity(activity, connection);
  return typeof events === 'string'
    ? { kind: 'unreadable', answer, message: events }
    : { kind: 'events', events, answer };
}
