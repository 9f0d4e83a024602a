import type { Connector, Outgoing, Receipt, SendContext, Target } from '../../src/connectors/connector.ts';
import type { Http } from '../../src/connectors/http.ts';
import type { Message } from '../../src/domain/message.ts';
import { SendFailure } from '../../src/domain/failure.ts';

/** A message as the store hands it out; give what the test is about. */
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

/** A delivery of its own in every call. */
export function sampleOutgoing(target: Target, overrides: Partial<Message> = {}): Outgoing {
  deliveries += 1;
  return {
    ...target,
    action: { kind: 'create' },
    delivery: `dlv_sample${deliveries}`,
    message: sampleMessage(overrides),
  };
}

export function sendContext(http: Http, overrides: Partial<SendContext> = {}): SendContext {
  return { http, attempt: 1, now: new Date(), timeoutMs: 5_000, signal: new AbortController().signal, ...overrides };
}

/** One attempt as the activity makes it. */
export async function attempt(connector: Connector, outgoing: Outgoing, context: SendContext): Promise<Receipt> {
  return connector.send(await connector.prepare(outgoing, context), outgoing, context);
}

/** The failure that a call ends with; anything else fails the test. */
export async function failureOf(call: Promise<unknown>): Promise<SendFailure> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('error' in outcome && outcome.error instanceof SendFailure) return outcome.error;
  throw new Error('expected a SendFailure', { cause: outcome });
}
