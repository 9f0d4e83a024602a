import { acceptDelete, acceptEdit, findStopped } from '../../store/accept/changes.ts';
import { finish } from '../../store/inbound/inbox.ts';
import { raiseRevision } from '../../store/inbound/links.ts';
import { newMessageId } from '../../store/db/new-id.ts';
import { findOriginal, ignored, type RouteDeps, type RoutableEvent } from './routable-event.ts';
import { contentOf, senderOf } from './said.ts';

/**
 * Accepts an edit or a delete of a message that came from a room, so that every copy follows. Changes of copies are
 * ignored: the platforms also report Carillon's own edits and deletes, and a user who deletes a copy deletes only that
 * copy.
 */
export async function routeChange(deps: RouteDeps, routable: RoutableEvent): Promise<void> {
  const { sql, ring, poke } = deps;
  const { leased, connector } = routable;
  const { event, tenant, connection } = leased;
  const original = await findOriginal(deps, routable);
  if (original === undefined) return;
  if (!original.isOrigin)
    return finish(sql, leased.id, 'ignored', ignored('copy_changed', 'A copy was changed, and not the original.'));
  const change = {
    id: newMessageId(),
    tenant,
    original: original.message,
    dedupeScope: `connection:${connection}`,
    dedupeKey: event.key,
    canonicalBody: '',
  };
  if (event.kind === 'deleted') {
    const deleted = await acceptDelete(sql, ring, change);
    if (deleted.outcome === 'accepted') {
      poke();
      await deps.wakeStopped(await findStopped(sql, tenant, original.message));
    }
    return conclude(deps, routable, deleted);
  }
  const { revision } = event;
  if (revision !== undefined && !(await raiseRevision(sql, tenant, connection, original.key, revision)))
    return finish(sql, leased.id, 'ignored', ignored('older_edit', 'A newer edit came before it.'));
  const sender = senderOf(event, connection, connector);
  const edited = await acceptEdit(sql, ring, { ...change, content: contentOf(event), sender });
  if (edited.outcome === 'accepted') poke();
  return conclude(deps, routable, edited);
}

type Result = Awaited<ReturnType<typeof acceptEdit>>;

async function conclude({ sql }: RouteDeps, { leased }: RoutableEvent, result: Result): Promise<void> {
  switch (result.outcome) {
    case 'accepted':
    case 'duplicate':
      return finish(sql, leased.id, 'routed', { message: result.id });
    case 'deleted':
    case 'not-found':
      return finish(sql, leased.id, 'ignored', ignored('original_deleted', 'The message that it changes is deleted.'));
    default:
      // Another change of the same message was accepted at the same moment. The inbox tries the event again.
      throw new Error(`the change was not accepted: ${result.outcome}`);
  }
}
