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

/**
 * The time for all look-ups of an attempt together. After it the message goes out, and a person who was not found is
 * named as plain text.
 */
const lookUpMs = 2_000;
const foundSeconds = 24 * 3_600;
/** The answer that a platform knows no such person is kept for a shorter time, because the person may join. */
const absentSeconds = 3_600;

/**
 * Looks up what only the platforms know: the author's name, and the account at the destination that each mention means.
 * It never stops a message: a person who is not found in time is named as plain text.
 * @returns the outgoing message with `people` and the author's name filled in.
 */
export async function identify(
  deps: DeliverDeps,
  { entry, connector, context }: AttemptPlan,
  outgoing: Outgoing,
): Promise<Outgoing> {
  const { message, author } = outgoing;
  const native = message.sender?.native;
  const isNameless = author !== undefined && native !== undefined && author.name === native.id;
  const mentions = message.content.text.includes('](mention:') ? mentionsIn(parseMarkdown(message.content.text)) : [];
  if (!isNameless && mentions.length === 0) return outgoing;
  const counterpart = ({ connection, id }: Extract<Mention, { kind: 'native' }>, at: ConnectionId) =>
    findCounterpart(deps.sql, entry.tenant, { connection, person: id }, at).catch(() => undefined);
  const people = peopleOf(deps, entry.tenant, { ...context, timeoutMs: Math.min(lookUpMs, context.timeoutMs) });
  const [speaker, known] = await Promise.all([
    isNameless ? people(native.connection, { id: native.id }) : undefined,
    Promise.all(
      mentions.map(async ({ ref, mention }): Promise<[string, Mentioned]> => {
        const at = outgoing.connection.id;
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
  return { ...outgoing, people: new Map(known), ...(named === undefined ? {} : { author: named }) };
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

/** Makes a function that looks a person up at any connection of the tenant and keeps the answer. It never rejects. */
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
      // A name is not worth a delay or a failed attempt. The next message asks the platform or the store again.
      return undefined;
    }
  };
}
