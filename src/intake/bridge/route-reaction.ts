import { planDelivery } from '../../domain/plan.ts';
import type { TenantPlan } from '../../store/config/destinations.ts';
import { finish, rewrite } from '../../store/inbound/inbox.ts';
import { newMessageId } from '../../store/db/new-id.ts';
import { acceptReaction, findNamedReaction, noteReaction } from '../../store/accept/reactions.ts';
import { listenersOf } from './rooms.ts';
import { findOriginal, ignored, type RouteDeps, type RoutableEvent } from './routable-event.ts';

/**
 * Accepts a reaction for every other member of the bridges of the room in which it was made. The reactions of several
 * people with one emoji count as one: only the first that is added and the last that is removed change anything
 * elsewhere.
 */
export async function routeReaction(deps: RouteDeps, routable: RoutableEvent, plan: TenantPlan): Promise<void> {
  const { sql, ring, poke } = deps;
  const { leased, rooms, inbound } = routable;
  const { event, tenant, connection } = leased;
  const original = await findOriginal(deps, routable);
  if (original === undefined) return;
  const emoji = event.emoji ?? '';
  const person = event.sender?.id ?? '';
  const adds = event.kind === 'reacted';
  const named = event.reaction === undefined ? {} : { native: inbound.linkKey(event.reaction) };
  const reactor = { message: original.message, emoji, connection, person, ...named };
  const { changed, others } = await noteReaction(sql, reactor, adds);
  // After a crash the reaction may be noted and not yet accepted, so a later try accepts it even if nothing changed.
  if (others > 0 || (!changed && leased.tries === 1))
    return finish(
      sql,
      leased.id,
      'ignored',
      ignored('same_reaction', 'Other people reacted with the same emoji, so nothing changes elsewhere.'),
    );
  const message = { class: null, conversation: original.conversation };
  const result = await acceptReaction(sql, ring, {
    id: newMessageId(),
    tenant,
    original: original.message,
    dedupeScope: `connection:${connection}`,
    dedupeKey: event.key,
    canonicalBody: '',
    type: adds ? 'reaction.added' : 'reaction.removed',
    emoji,
    deliveries: listenersOf(rooms, plan).map(({ destination, bridge }) =>
      planDelivery(destination, message, `bridge:${bridge.id}`),
    ),
  });
  if (result === 'gone')
    return finish(sql, leased.id, 'ignored', ignored('original_deleted', 'The message that it reacts to is deleted.'));
  if (result.outcome === 'accepted') poke();
  if (result.outcome !== 'accepted' && result.outcome !== 'duplicate')
    throw new Error(`the reaction was not accepted: ${result.outcome}`);
  await finish(sql, leased.id, 'routed', { message: result.id });
}

/**
 * Turns a `deleted` event that is about a reaction into an `unreacted` event. Some platforms give each reaction an id
 * and report only that the thing with this id is gone. The new event is stored before it is routed, because routing
 * forgets the reaction, and after a crash its id could not be found again.
 * @returns undefined when the event is about no known reaction.
 */
export async function asReaction(
  { sql, ring }: RouteDeps,
  routable: RoutableEvent,
): Promise<RoutableEvent | undefined> {
  const { leased, inbound } = routable;
  const named = inbound.linkKey(leased.event.nativeId);
  const found = await findNamedReaction(sql, leased.tenant, leased.connection, named);
  if (found === undefined) return undefined;
  const { emoji, person, original } = found;
  const event = { ...leased.event, kind: 'unreacted' as const, nativeId: original, sender: { id: person }, emoji };
  await rewrite(sql, ring, leased.id, event);
  return { ...routable, leased: { ...leased, event } };
}
