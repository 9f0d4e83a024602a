import { planDelivery } from '../../domain/plan.ts';
import type { TenantPlan } from '../../store/config/destinations.ts';
import { finish, rewrite } from '../../store/inbound/inbox.ts';
import { newMessageId } from '../../store/db/new-id.ts';
import { acceptReaction, findNamedReaction, noteReaction } from '../../store/accept/reactions.ts';
import { listenersOf } from './rooms.ts';
import { findOriginal, ignored, type RouteDeps, type RoutableEvent } from './routable-event.ts';

/**
 * A reaction is shown wherever the message is, the room that it was said in among them, but for where it was made. Several
 * people's are one of ours: only the first of an emoji, and the last that goes, change anything.
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
  // Once more after a crash it is noted already, and may not be accepted yet.
  if (others > 0 || (!changed && leased.tries === 1))
    return finish(
      sql,
      leased.id,
      'ignored',
      ignored('same_reaction', 'Others react so, too: nothing changes elsewhere.'),
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
    return finish(sql, leased.id, 'ignored', ignored('original_deleted', 'What it reacts to is deleted.'));
  if (result.outcome === 'accepted') poke();
  if (result.outcome !== 'accepted' && result.outcome !== 'duplicate')
    throw new Error(`the reaction was not accepted: ${result.outcome}`);
  await finish(sql, leased.id, 'routed', { message: result.id });
}

/**
 * A `deleted` that is about a reaction, as its end: some platforms name each reaction, and say no more than that it is gone.
 * Written down before anything is done by it, since then the reaction itself is forgotten.
 * @returns undefined where it is about no reaction that is known here.
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
