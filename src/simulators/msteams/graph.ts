import type { Decision, SimulatedRequest } from '../kit/simulator.ts';
import { aadOf, nameOf } from './people.ts';
import { refused, type Held, type TeamsEvent } from './posts.ts';

const appId = '1f4b5c2e-0000-4000-8000-00000000c0de';
const usualPage = 20;
/**
 * Largest page of this simulator, so that a client has to read a second page. Graph may return fewer messages than a
 * client asks for.
 */
const largestPage = 10;

/**
 * Answers a read of messages as Microsoft Graph shows them to an app. `…/messages/delta` of a channel returns each
 * chain of replies in which a message changed, `…/messages` returns the messages of a chat (learn.microsoft.com/graph,
 * chatMessage: delta; "List messages in a chat"). `@odata.nextLink` leads to the next page.
 */
export function readGraph(
  request: SimulatedRequest,
  generation: number,
  postsOf: (conversation: string) => readonly Held[],
): Decision<TeamsEvent> {
  const { method, path, query, headers } = request;
  if (!(headers['authorization'] ?? '').startsWith(`Bearer graph.${generation}.`))
    return refused(401, 'InvalidAuthenticationToken', 'Access token is empty or of another audience.');
  const [, ofChannel, ofChat] =
    /^\/graph\/v1\.0\/(?:teams\/[\w-]+\/channels\/([^/]+)\/messages\/delta|chats\/([^/]+)\/messages)$/.exec(path) ?? [];
  const conversation = decodeURIComponent(ofChannel ?? ofChat ?? '');
  if (method !== 'GET' || !/^19:[\w-]+@thread\.(?:tacv2|v2)$/.test(conversation))
    return refused(404, 'NotFound', 'Resource not found.');
  const filter = query.get('$filter') ?? 'lastModifiedDateTime gt 1970-01-01T00:00:00.000Z';
  const since = /^lastModifiedDateTime gt (\S+Z)$/.exec(filter)?.[1];
  const top = Number(query.get('$top') ?? usualPage);
  if (since === undefined || !(top >= 1 && top <= 50)) return refused(400, 'BadRequest', 'Invalid filter or $top.');
  const posts = postsOf(conversation);
  const repliesTo = (root: Held): Held[] => posts.filter((one) => one.root === root.id && one.id !== root.id);
  const changed = (one: Held): boolean => modifiedAt(one) > since;
  const found = posts
    .filter((one) => one.root === undefined || one.root === one.id)
    .filter((one) => changed(one) || repliesTo(one).some(changed));
  const start = Number(query.get('$skiptoken') ?? 0);
  const page = found.slice(start, start + Math.min(top, largestPage));
  const wantsReplies = query.get('$expand') === 'replies';
  const next = new URLSearchParams(query);
  next.set('$skiptoken', String(start + page.length));
  const url = `http://${headers['host']}/msteams${path}`;
  const more =
    start + page.length < found.length
      ? { '@odata.nextLink': `${url}?${next.toString()}` }
      : { '@odata.deltaLink': `${url}?$deltatoken=simulated` };
  const value = page.map((one) => ({
    ...shown(one),
    ...(wantsReplies && ofChannel !== undefined ? { replies: repliesTo(one).map(shown) } : {}),
  }));
  return { answer: { status: 200, body: { '@odata.count': value.length, ...more, value } } };
}

const createdAt = ({ id }: Held): string => new Date(Number(id)).toISOString();

/** Time of the last change of a message. A reaction that is added or removed counts too. */
function modifiedAt(one: Held): string {
  const { edited = '', deleted = '', reacted = '' } = one.times ?? {};
  return [createdAt(one), edited, deleted, reacted].sort().at(-1) ?? '';
}

/** Returns a message as a `chatMessage` resource. A deleted message has an empty body. */
export function shown(one: Held): object {
  const { id, root, conversation, user, times, file } = one;
  const person = (key: string) => ({ id: aadOf(key), displayName: nameOf(key), userIdentityType: 'aadUser' });
  const mentions = one.entities.map(({ text = '', mentioned }, index) => ({
    id: index,
    mentionText: text.replaceAll(/<\/?at>/g, ''),
    mentioned: { user: person(mentioned?.id ?? '') },
  }));
  const content = mentions.reduce(
    (html, { id: index, mentionText }) =>
      html.replace(
        new RegExp(`<span [^>]*itemid="${index}"[^>]*>[^<]*</span>`),
        `<at id="${index}">${mentionText}</at>`,
      ),
    one.html ?? one.text,
  );
  const marked = file === undefined ? content : `${content}<attachment id="file-${id}"></attachment>`;
  return {
    id,
    replyToId: root === undefined || root === id ? null : root,
    messageType: 'message',
    createdDateTime: createdAt(one),
    lastModifiedDateTime: modifiedAt(one),
    lastEditedDateTime: times?.edited ?? null,
    deletedDateTime: times?.deleted ?? null,
    from: user === undefined ? { application: { id: appId, displayName: 'Carillon' } } : { user: person(user) },
    body: { contentType: 'html', content: one.deleted === true ? '' : marked },
    attachments:
      file === undefined
        ? []
        : [
            {
              id: `file-${id}`,
              contentType: 'reference',
              contentUrl: `https://sim.sharepoint.com/${file.name}`,
              name: file.name,
            },
          ],
    mentions: one.deleted === true ? [] : mentions,
    reactions: Object.entries(one.reactions ?? {}).flatMap(([reactionType, users]) =>
      users.map((by) => ({ reactionType, createdDateTime: times?.reacted, user: { user: person(by) } })),
    ),
    channelIdentity: { channelId: conversation },
  };
}
