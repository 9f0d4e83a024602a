import { Context } from '@temporalio/activity';
import { SendFailure } from '../../domain/failure.ts';
import type { InboxId } from '../../domain/ids.ts';
import type { ReasonCode } from '../../domain/reasons.ts';
import { connectionWithSecrets } from '../../store/config/connections.ts';
import { complete, finish, findFetching, receive } from '../../store/inbound/inbox.ts';
import { tryAgain } from '../failure.ts';
import type { ActivityDeps } from '../deps.ts';

const timeoutMs = 10_000;
const usualRetryMs = 2_000;

/**
 * Completes an event with the content that its platform holds. It may be repeated: an event that is complete or has
 * ended stays as it is.
 * @throws ApplicationFailure retryable, with the platform's Retry-After where it gave one.
 */
export function createFetchEvent({ sql, ring, connectors, http, tokens, pokeInbox }: ActivityDeps) {
  return async function fetchEvent(id: InboxId): Promise<'fetched' | 'gone' | 'ignored' | 'refused'> {
    const found = await findFetching(sql, ring, id);
    if (found === undefined) return 'fetched';
    const { tenant, connection, event } = found;
    const at = await connectionWithSecrets(sql, ring, tenant, connection);
    const inbound = at === undefined ? undefined : connectors.get(at.connector)?.inbound;
    const end = (code: ReasonCode, message: string): Promise<void> =>
      finish(sql, id, 'ignored', { reason: { code, message } });
    if (at === undefined || inbound?.fetch === undefined) {
      await end('connection_deleted', 'Its connection was deleted, so its content cannot be fetched.');
      return 'refused';
    }
    const signal = Context.current().cancellationSignal;
    try {
      const hook = { id: connection, settings: at.settings };
      const whole = await inbound.fetch(event, hook, { http, tokens, now: new Date(), timeoutMs, signal });
      if (whole === 'gone') {
        await end('gone', 'It was deleted before its content was fetched.');
        return 'gone';
      }
      if ('ignored' in whole) {
        await end(whole.ignored, 'Its content shows that it must not be bridged.');
        return 'ignored';
      }
      if ('events' in whole) {
        const arrivals = whole.events.map((one) => ({ event: one }));
        if (arrivals.length > 0) await receive(sql, ring, [{ tenant, connection, arrivals }]);
        await end('told_apart', 'It stood for several events, which are stored separately.');
        pokeInbox();
        return 'fetched';
      }
      const { isIncomplete: _before, fetchFrom: _from, ...fetched } = whole;
      await complete(sql, ring, id, fetched);
      pokeInbox();
      return 'fetched';
    } catch (error) {
      if (!(error instanceof SendFailure)) throw error;
      if (error.kind !== 'permanent') {
        const { code, retryAfterMs = usualRetryMs } = error;
        throw tryAgain(`the content was not fetched: ${code}`, retryAfterMs);
      }
      await end('content_refused', `The platform refused to show its content: ${error.code}.`);
      return 'refused';
    }
  };
}
