import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Answer, Decision, RunningSimulator, SimulatedRequest, Simulator } from '../kit/simulator.ts';
import { ControlError, controlBody } from '../kit/control-body.ts';

/** One request that the receiver accepted. */
interface Taken {
  readonly id: string;
  readonly path: string;
  readonly body: string;
  readonly attempt: string | null;
  readonly at: string;
}

/** All accepted requests with one id. */
interface Held extends Omit<Taken, 'attempt' | 'at'> {
  /** Number of requests with this id. A receiver that ignores repeated ids would have acted once. */
  count: number;
  /** Whether all requests with this id had the same body, byte for byte. */
  sameBody: boolean;
  readonly attempts: (string | null)[];
  readonly firstAt: string;
  lastAt: string;
}

const toleranceSeconds = 300;

/**
 * A receiver of Standard Webhooks 1.0 (standard-webhooks/standard-webhooks, spec/standard-webhooks.md) at
 * `/webhook/<name>`. It accepts every POST. After `POST /_sim/webhook/secrets` it also checks the signature and that
 * the timestamp is within 300 s ("Verifying webhook authenticity"), with code of its own.
 */
export const webhookSimulator: Simulator = {
  name: 'webhook',
  start(): RunningSimulator {
    const held = new Map<string, Held>();
    let secrets: readonly string[] = [];
    return {
      handle(request): Decision<Taken> {
        const refusal = refuse(request, secrets);
        if (refusal !== undefined) return { answer: refusal };
        return {
          answer: { status: 200, body: { ok: true } },
          event: {
            // Some senders give their requests no id. Each such request counts as a request of its own.
            id: request.headers['webhook-id'] ?? `unnamed-${held.size + 1}`,
            path: request.path,
            body: request.body.toString('utf8'),
            attempt: request.headers['carillon-attempt'] ?? null,
            at: request.now.toISOString(),
          },
        };
      },
      commit(event) {
        const { id, path, body, attempt, at } = event as Taken;
        const known = held.get(id);
        if (known === undefined) {
          held.set(id, { id, path, body, count: 1, sameBody: true, attempts: [attempt], firstAt: at, lastAt: at });
          return;
        }
        known.count += 1;
        known.sameBody &&= known.body === body;
        known.attempts.push(attempt);
        known.lastAt = at;
      },
      accepted: () => ({ total: held.size, accepted: [...held.values()] }),
      controls: {
        secrets(value) {
          secrets = readSecrets(value);
          return { secrets: secrets.length };
        },
      },
    };
  },
};

function readSecrets(value: unknown): string[] {
  const { secrets } = controlBody(value);
  if (!Array.isArray(secrets) || !secrets.every((one) => typeof one === 'string' && one.startsWith('whsec_')))
    throw new ControlError('/secrets', 'must be a list of texts that begin with whsec_; an empty one checks nothing');
  return secrets as string[];
}

function refuse(request: SimulatedRequest, secrets: readonly string[]): Answer | undefined {
  if (request.method !== 'POST') return { status: 405, headers: { allow: 'POST' }, body: { error: 'POST only' } };
  if (secrets.length === 0) return undefined;
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = request.headers;
  if (id === undefined || timestamp === undefined || signatures === undefined)
    return { status: 401, body: { error: 'webhook-id, webhook-timestamp and webhook-signature are required' } };
  if (Math.abs(request.now.getTime() / 1_000 - Number(timestamp)) > toleranceSeconds)
    return { status: 401, body: { error: 'webhook-timestamp is too far from now' } };
  const genuine = secrets.some((secret) => isSigned(secret, `${id}.${timestamp}.`, request.body, signatures));
  return genuine ? undefined : { status: 401, body: { error: 'no signature fits' } };
}

/**
 * Whether one of the signatures is the HMAC-SHA256 of `id.timestamp.body`. The key is the base64 text after `whsec_`.
 */
function isSigned(secret: string, prefix: string, body: Buffer, signatures: string): boolean {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const expected = createHmac('sha256', key).update(prefix).update(body).digest();
  return signatures.split(' ').some((signature) => {
    if (!signature.startsWith('v1,')) return false;
    const given = Buffer.from(signature.slice('v1,'.length), 'base64');
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}
