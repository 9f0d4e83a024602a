import { createAccessTokens } from '../../src/connectors/http/access-tokens.ts';
import type { Action, Connector, Outgoing, Receipt, SendContext } from '../../src/connectors/contract/connector.ts';
import type { Target } from '../../src/connectors/contract/context.ts';
import type { Http } from '../../src/connectors/contract/http.ts';
import type { Message } from '../../src/domain/message.ts';
import { SendFailure } from '../../src/domain/failure.ts';

/** Returns a message as the store returns it. A test overrides the fields that it is about. */
export function sampleMessage(overrides: Partial<Message> = {}): Message {
  return {
    id: 'msg_01k0000000000000000000000a',
    tenant: 'default',
    type: 'incident.opened',
    source: 'api',
    occurredAt: '2026-01-02T03:04:05.000Z',
    receivedAt: '2026-01-02T03:04:06.000Z',
    schemaVersion: '1',
    sequence: 1,
    correlationId: 'corr-1',
    conversation: 'inc-42',
    sender: { name: 'Ann' },
    content: { text: '**Disk full** on db-3', fields: { host: 'db-3', free: 0 } },
    priority: 'critical',
    labels: { team: 'core', area: 'db' },
    ...overrides,
  };
}

let deliveries = 0;
let messages = 0;

/** A new id for tests in which one message refers to another. */
export function freshMessageId(): string {
  messages += 1;
  return `msg_sample${messages}`;
}

/** Returns an outgoing message with a new delivery in each call. */
export function sampleOutgoing(target: Target, overrides: Partial<Message> = {}): Outgoing {
  deliveries += 1;
  const delivery = `dlv_sample${deliveries}`;
  return {
    connection: target.connection,
    destination: target.destination,
    action: { kind: 'create' },
    delivery,
    key: delivery,
    message: sampleMessage(overrides),
  };
}

/** A message that was sent, with its receipt. */
export interface Created {
  readonly out: Outgoing;
  readonly receipt: Pick<Receipt, 'nativeId' | 'degraded'> | null;
}

/** Returns an edit of a sent message, as a message and a delivery of its own. */
export function editOf({ out, receipt }: Created, text: string): Outgoing {
  return following(out, 'message.edited', text, { kind: 'edit', nativeId: receipt?.nativeId ?? null });
}

export function deletionOf({ out, receipt }: Created): Outgoing {
  return following(out, 'message.deleted', '', { kind: 'delete', nativeId: receipt?.nativeId ?? null });
}

function following(out: Outgoing, type: string, text: string, action: Action): Outgoing {
  const message = { id: freshMessageId(), type, refersTo: out.message.id, content: { text } };
  return { ...sampleOutgoing(out, message), action };
}

/** Returns a reaction to a sent message, or the removal of one. */
export function reactionTo({ out, receipt }: Created, emoji: string, kind: 'react' | 'unreact' = 'react'): Outgoing {
  const type = kind === 'react' ? 'reaction.added' : 'reaction.removed';
  const reaction = following(out, type, '', { kind, nativeId: receipt?.nativeId ?? null, emoji });
  return { ...reaction, message: { ...reaction.message, content: { text: '', emoji } } };
}

/** Returns a reply in the thread of a sent message. */
export function replyTo({ out, receipt }: Created, text = 'a reply'): Outgoing {
  const message = { id: freshMessageId(), thread: out.message.id, content: { text } };
  const action = { kind: 'create', thread: { nativeId: receipt?.nativeId ?? null } } as const;
  return { ...sampleOutgoing(out, message), action };
}

export function sendContext(http: Http, overrides: Partial<SendContext> = {}): SendContext {
  const signal = new AbortController().signal;
  return { http, tokens: createAccessTokens(), attempt: 1, now: new Date(), timeoutMs: 5_000, signal, ...overrides };
}

/** Makes one attempt as the deliver activity does. */
export async function attempt(connector: Connector, outgoing: Outgoing, context: SendContext): Promise<Receipt> {
  return connector.send(await connector.prepare(outgoing, context), outgoing, context);
}

/** Returns the failure with which a call ends. Fails the test when it ends differently. */
export async function failureOf(call: Promise<unknown>): Promise<SendFailure> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('error' in outcome && outcome.error instanceof SendFailure) return outcome.error;
  throw new Error('expected a SendFailure', { cause: outcome });
}
