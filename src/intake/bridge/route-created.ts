import type { MessageId } from '../../domain/ids.ts';
import { planDelivery } from '../../domain/plan.ts';
import { accept } from '../../store/accept/accept.ts';
import { toAcceptance, type Acceptance } from '../../store/accept/acceptance.ts';
import type { TenantPlan } from '../../store/config/destinations.ts';
import { finish, waitForEvent } from '../../store/inbound/inbox.ts';
import { findLink, linkOrigin } from '../../store/inbound/links.ts';
import { newMessageId } from '../../store/db/new-id.ts';
import { listenersOf } from './rooms.ts';
import { contentOf, senderOf } from './said.ts';
import { ignored, parentWaitSeconds, type RouteDeps, type RoutableEvent } from './routable-event.ts';

/** How often the plan is made again because the configuration changed before the message was accepted. */
const maxPlans = 5;

/**
 * Accepts what was said in one room as a message to all other members of the room's bridges. A reply waits for its
 * parent for up to `parentWaitSeconds`.
 */
export async function routeCreated(deps: RouteDeps, routable: RoutableEvent, plan: TenantPlan): Promise<void> {
  const { sql } = deps;
  const { leased, inbound } = routable;
  const { event, tenant, connection } = leased;
  const key = inbound.linkKey(event.nativeId);
  const known = await findLink(sql, tenant, connection, key);
  if (known !== undefined && !known.isOrigin)
    return finish(sql, leased.id, 'ignored', ignored('own_post', 'Carillon posted it.'));
  if ((event.text ?? '').trim() === '' && (event.files ?? []).length === 0)
    return finish(sql, leased.id, 'ignored', ignored('no_content', 'It has neither text nor files.'));
  let parent: { message: MessageId; conversation: string | null } | undefined;
  if (event.thread !== undefined) {
    const parentKey = inbound.linkKey(event.thread);
    parent = await findLink(sql, tenant, connection, parentKey);
    if (parent === undefined && !leased.isOver) return waitForEvent(sql, leased.id, parentKey, parentWaitSeconds);
  }
  const message = await acceptCreated(deps, routable, plan, parent);
  const origin = routable.rooms[0]?.destination.id ?? '';
  const thread = inbound.threadKey?.(event.nativeId);
  await linkOrigin(sql, {
    tenant,
    connection,
    key,
    native: event.nativeId,
    destination: origin,
    message,
    ...(thread === undefined ? {} : { thread }),
  });
  const isAstray = event.thread !== undefined && parent === undefined;
  const miss = ignored(
    'thread_unknown',
    'It replies to a message that Carillon does not know, so it was bridged outside a thread.',
  );
  await finish(sql, leased.id, 'routed', { message, ...(isAstray ? miss : {}) });
}

async function acceptCreated(
  { sql, ring, plans, poke }: RouteDeps,
  { leased, rooms, connector }: RoutableEvent,
  first: TenantPlan,
  parent: { message: MessageId; conversation: string | null } | undefined,
): Promise<MessageId> {
  const { event, tenant, connection } = leased;
  const id = newMessageId();
  let plan = first;
  for (let count = 0; count < maxPlans; count += 1) {
    const listeners = listenersOf(rooms, plan);
    const bridge = listeners[0]?.bridge;
    const own = bridge?.order === 'room' ? `bridge:${bridge.id}` : `bridge:${bridge?.id ?? ''}:${id}`;
    const conversation = parent?.conversation ?? own;
    // A platform may write the same event differently each time, so only the event's key is compared.
    const asked = { id, tenant, dedupeScope: `connection:${connection}`, dedupeKey: event.key, canonicalBody: '' };
    const said = { content: contentOf(event), sender: senderOf(event, connection, connector) };
    const chosen = { source: connection, conversation, occurredAt: event.at, thread: parent?.message };
    const message = toAcceptance(asked, { type: 'message.created', ...chosen }, said);
    const acceptance: Acceptance = {
      ...message,
      deliveries: listeners.map(({ destination, bridge: { id: via } }) =>
        planDelivery(destination, message, `bridge:${via}`),
      ),
      configVersion: plan.version,
    };
    const result = await accept(sql, ring, acceptance);
    if (result.outcome === 'stale' || result.outcome === 'no-thread') {
      plan = await plans.of(tenant).reload();
      continue;
    }
    if (result.outcome === 'accepted') poke();
    return result.id;
  }
  throw new Error('the configuration changes too fast; the event is routed later');
}
