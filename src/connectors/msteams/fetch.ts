import { SendFailure } from '../../domain/failure.ts';
import type { InboundEvent } from '../../domain/inbound.ts';
import type { LookUpContext, HookConnection } from '../contract/context.ts';
import { textAt } from '../http/json-path.ts';
import type { Fetched, HookEvent } from '../contract/inbound.ts';
import { asLookUp } from '../http/restated.ts';
import { getFromGraph, graphUrlOf } from './graph.ts';
import { activitiesOf } from './graph-message.ts';
import { readActivity } from './inbound-event.ts';
import { knownIds } from './people.ts';

const maxResponseBytes = 512 * 1_024;
const always = new Date(0);

/**
 * Fetches the message of a notification from Microsoft Graph (learn.microsoft.com/graph, "Get chatMessage"). Graph does
 * not say why a message was updated. An update therefore gives an event for the last edit and one for each reaction
 * that is there now; the keys show which of them are already known. A reaction that was removed cannot be detected.
 */
export async function fetchMessage(
  event: InboundEvent,
  connection: HookConnection,
  context: LookUpContext,
): Promise<Fetched> {
  const message = await getMessage(event.fetchFrom ?? '', connection, context);
  if (message === undefined || textAt(message, 'deletedDateTime') !== undefined) return 'gone';
  const ids = await knownIds(connection, context);
  const activities = activitiesOf(message, { conversation: event.room, since: always, ids });
  const read = (activity: (typeof activities)[number]): readonly HookEvent[] => {
    const events = readActivity(activity, connection);
    return typeof events === 'string' ? [{ ignored: 'unsupported_event' }] : events;
  };
  if (event.kind === 'created') {
    const [said] = activities.filter(({ type }) => type === 'message').flatMap(read);
    return said === undefined ? { ignored: 'unsupported_event' } : 'event' in said ? said.event : said;
  }
  const events = activities.filter(({ type }) => type !== 'message').flatMap(read);
  return { events: events.flatMap((one) => ('event' in one ? [one.event] : [])) };
}

async function getMessage(path: string, { settings }: HookConnection, context: LookUpContext): Promise<unknown> {
  try {
    return await getFromGraph(graphUrlOf(settings) + path, { settings, maxResponseBytes }, context);
  } catch (error) {
    if (error instanceof SendFailure && error.status === 404) return undefined;
    throw asLookUp(error);
  }
}
