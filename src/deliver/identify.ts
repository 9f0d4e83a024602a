import type { Mentioned, Outgoing, Person } from '../connectors/contract/connector.ts';
import { type LookUpContext, timeLeft } from '../connectors/contract/context.ts';
import { parseMarkdown } from '../connectors/text/markdown.ts';
import { mentionsIn, type Mention } from '../connectors/text/mention.ts';
import type { ConnectionId, TenantId } from '../domain/ids.ts';
import { connectionWithSecrets } from '../store/config/connections.ts';
import { findCounterpart } from '../store/people/identities.ts';
import { findPerson, keepPerson, type PersonKey } from '../store/people/people.ts';
import type { AttemptPlan } from './attempt-plan.ts';
import type { DeliverDeps } from './deps.ts';

/** For all look-ups of a message together: what takes longer is not waited for, and it goes out with plain names. */
const lookUpMs = 2_000;
const foundSeconds = 24 * 3_600;
/** Somebody who is not there may join. */
const absentSeconds = 3_600;

/**
 * Adds what only the platforms know: the author's name, and who at the destination is meant by each mention. It never
 * stops a message: whoever is not found, or not in time, is named as text.
 */
export async function identify(
  deps: DeliverDeps,
  { entry, connector, whole, context }: AttemptPlan,
): Promise<Outgoing> {
  const { message, author } = whole;
  const native = message.sender?.native;
  const isNameless = author !== undefined && native !== undefined && author.name === native.id;
  const mentions = message.content.text.includes('](mention:') ? mentionsIn(parseMarkdown(message.content.text)) : [];
  if (!isNameless && mentions.length === 0) return whole;
  const counterpart = ({ connection, id }: Extract<Mention, { kind: 'native' }>, at: ConnectionId) =>
    findCounterpart(deps.sql, entry.tenant, { connection, person: id }, at).catch(() => undefined);
  const people = peopleOf(deps, entry.tenant, { ...context, timeoutMs: Math.min(lookUpMs, context.timeoutMs) });
  const [speaker, known] = await Promise.all([
    isNameless ? people(native.connection, { id: native.id }) : undefined,
    Promise.all(
      mentions.map(async ({ ref, mention }): Promise<[string, Mentioned]> => {
        const at = whole.connection.id;
        const told = mention.kind === 'native' ? await counterpart(mention, at) : undefined;
        if (told?.person != null) return [ref, { id: told.person, ...(told.name === null ? {} : { name: told.name }) }];
        const source = await sourcePerson(mention, people);
        const isHere = mention.kind === 'native' && mention.connection === at;
        const here =
          isHere || source?.email === undefined || connector.people?.byEmail === undefined
            ? undefined
            : await people(at, { email: source.email });
        const id = isHere ? mention.id : here?.id;
        const name = told?.name ?? source?.name ?? here?.name;
        return [ref, { ...(id === undefined ? {} : { id }), ...(name === undefined ? {} : { name }) }];
      }),
    ),
  ]);
  const named = isNameless
    ? { ...author, name: speaker?.name ?? 'Somebody', ...(speaker?.avatarUrl && { avatarUrl: speaker.avatarUrl }) }
    : author;
  return { ...whole, people: new Map(known), ...(named === undefined ? {} : { author: named }) };
}

type FindPerson = (connection: ConnectionId, by: PersonKey) => Promise<Person | undefined>;

async function sourcePerson(mention: Mention, find: FindPerson): Promise<Partial<Person> | undefined> {
  switch (mention.kind) {
    case 'native':
      return find(mention.connection, { id: mention.id });
    case 'email':
      return { email: mention.email };
    default:
      return undefined;
  }
}

/** Looks people up at any connection of the tenant, and remembers what was answered. */
function peopleOf(deps: DeliverDeps, tenant: TenantId, context: LookUpContext): FindPerson {
  const { sql, ring, connectors } = deps;
  const left = timeLeft(context);
  return async (connection, by) => {
    try {
      const known = await findPerson(sql, ring, tenant, connection, by);
      if (known !== undefined) return known.person ?? undefined;
      const settings = await connectionWithSecrets(sql, ring, tenant, connection);
      const people = settings === undefined ? undefined : connectors.get(settings.connector)?.people;
      if (settings === undefined || people === undefined) return undefined;
      const at = { id: connection, settings: settings.settings };
      const found = 'id' in by ? await people.byId?.(by.id, at, left()) : await people.byEmail?.(by.email, at, left());
      const seconds = found === undefined ? absentSeconds : foundSeconds;
      await keepPerson(sql, ring, { tenant, connection, by }, { person: found ?? null }, seconds);
      return found;
    } catch {
      // A name is worth no delay: the platform, or the store, will be asked again by the next message.
      return undefined;
    }
  };
}
