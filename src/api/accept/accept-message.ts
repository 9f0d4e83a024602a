import type { MessageId, TenantId } from '../../domain/ids.ts';
import type { Content } from '../../domain/message.ts';
import { planDelivery, type PlannedDelivery } from '../../domain/plan.ts';
import { accept, findAccepted, type AcceptResult } from '../../store/accept/accept.ts';
import { toAcceptance, type Acceptance, type Unplanned } from '../../store/accept/acceptance.ts';
import { newMessageId } from '../../store/db/new-id.ts';
import { canonicalJson } from '../http/canonical-json.ts';
import type { ApiDeps } from '../deps.ts';
import { createAdmission } from '../limits/admission.ts';
import { invalidInput, notFound, Problem, type InputError } from '../errors.ts';
import type { Plan, PlanCaches } from '../../store/accept/plan-cache.ts';
import type { PostedMessage } from './posted-message.ts';
import type { PostMessage } from '../schemas/message.ts';
import { mayWorkLater } from '../../store/db/db.ts';
import { TimeLimitError, within } from '../limits/time-limit.ts';

/** PostgreSQL ends the statement after 1 s. This limit is for a PostgreSQL that no longer answers at all. */
const limitMs = 1_500;
/** How often the plan is made again because the configuration changed before the message was stored. */
const maxPlans = 5;

export type AcceptMessage = (
  tenant: TenantId,
  posted: PostedMessage,
) => Promise<Exclude<AcceptResult, { outcome: 'stale' | 'conflict' | 'no-thread' }>>;

/**
 * Returns the function that plans a message in memory and stores the message with its plan in one statement. It
 * resolves after the commit and does not wait for Temporal.
 * @throws Problem 404 for a deleted tenant, 409 for a key of another message, 422 for an unknown destination or thread,
 * 429 under overload, and 503 when it is unknown whether the message was accepted.
 */
export function messageAcceptor({ acceptSql, ring }: ApiDeps, caches: PlanCaches): AcceptMessage {
  const admission = createAdmission();

  async function acceptPlanned(tenant: TenantId, posted: PostedMessage, id: MessageId): Promise<AcceptResult> {
    const plans = caches.of(tenant);
    let plan = await plans.current();
    for (let count = 1; count <= maxPlans; count += 1) {
      // The tenant was deleted a moment ago, while its key or name was still in a cache.
      if (plan.version === 0) throw notFound('tenant');
      let acceptance = planMessage(tenant, posted, id, plan);
      if ('errors' in acceptance) {
        // Another process may have created the destination a moment ago, so reload the plan once.
        plan = await plans.reload();
        acceptance = planMessage(tenant, posted, id, plan);
      }
      if ('errors' in acceptance) {
        // An accepted message stays accepted even if its destination is gone now, so look for its key before refusing.
        return (await findAccepted(acceptSql, acceptance.unplanned)) ?? refuse(acceptance.errors);
      }
      const result = await accept(acceptSql, ring, acceptance);
      if (result.outcome !== 'stale') return result;
      plan = await plans.reload();
    }
    throw new Problem('unavailable', 'The configuration changes too fast. The message was not accepted.');
  }

  return async (tenant, posted) => {
    const { priority = 'normal', class: deliveryClass = null } = posted.body;
    const { acceptPerSecond } = await within(limitMs, caches.of(tenant).current());
    const leave = admission.enter(tenant, { priority, class: deliveryClass }, acceptPerSecond);
    const id = newMessageId();
    const work = acceptPlanned(tenant, posted, id).finally(leave);
    const result = await within(limitMs, work).catch((error: unknown) => {
      throw mayWorkLater(error) || error instanceof TimeLimitError ? outcomeUnknown(posted, id, error) : error;
    });
    if (result.outcome === 'conflict') {
      const detail = `This key was already used for another message, ${result.id}.`;
      throw new Problem('idempotency_conflict', detail, { id: result.id });
    }
    if (result.outcome === 'no-thread') {
      const message = `names a message that does not exist: ${posted.body.thread}`;
      throw invalidInput([{ path: posted.locate('/thread'), code: 'unknown_message', message }]);
    }
    if (result.outcome === 'stale') throw new Error('an outdated plan led to an answer');
    return result;
  };
}

function refuse(errors: readonly InputError[]): never {
  throw invalidInput(errors);
}

/**
 * The 503 for a message that may or may not be accepted: the transaction may have been committed before the connection
 * broke.
 */
function outcomeUnknown({ key }: PostedMessage, id: MessageId, cause: unknown): Problem {
  const how =
    key === undefined
      ? `Without an Idempotency-Key, only GET /v1/messages/${id} can tell.`
      : 'Send it again with the same key to find out. It is accepted only once.';
  return new Problem('unavailable', `It is unknown whether the message was accepted. ${how}`, { id, cause });
}

const keyRequired: InputError = {
  path: 'Idempotency-Key',
  code: 'required',
  message:
    'is required by this tenant (or id in the body): without a key, a repeated request would be a second message',
};

function planMessage(
  tenant: TenantId,
  posted: PostedMessage,
  id: MessageId,
  plan: Plan,
): Acceptance | { readonly errors: readonly InputError[]; readonly unplanned: Unplanned } {
  const { body, dedupeScope, key } = posted;
  const asked = { id, tenant, dedupeScope, dedupeKey: key ?? id, canonicalBody: canonicalJson(body) ?? '' };
  const unplanned = toAcceptance(asked, body, { content: contentOf(body), sender: body.sender ?? null });
  const errors: InputError[] = plan.requireKey && key === undefined ? [keyRequired] : [];
  const deliveries: PlannedDelivery[] = [];
  for (const [index, destination] of (body.destinations ?? []).entries()) {
    const entry = plan.destinations.get(destination);
    if (entry !== undefined) deliveries.push(planDelivery(entry, unplanned, 'request'));
    else {
      const message = `names a destination that does not exist: ${JSON.stringify(destination.slice(0, 100))}`;
      errors.push({ path: posted.locate(`/destinations/${index}`), code: 'unknown_destination', message });
    }
  }
  return errors.length > 0 ? { errors, unplanned } : { ...unplanned, deliveries, configVersion: plan.version };
}

/** The posted content as it is stored. A file gets its id from its position. Its URL is also its page. */
function contentOf({ text = '', content }: PostMessage): Content {
  if (content === undefined) return { text };
  const { text: said = '', attachments, ...more } = content;
  const files = attachments?.map(({ url, name = fileName(url), ...known }, index) => ({
    id: `file-${index + 1}`,
    name,
    ...known,
    url,
    page: url,
  }));
  return { text: said, ...more, ...(files && { attachments: files }) };
}

function fileName(url: string): string {
  const last = new URL(url).pathname.split('/').at(-1) ?? '';
  try {
    return (last === '' ? 'file' : decodeURIComponent(last)).slice(0, 255);
  } catch {
    // The name is not valid percent-encoding, so use it unchanged.
    return last.slice(0, 255);
  }
}
