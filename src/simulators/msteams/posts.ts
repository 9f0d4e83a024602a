import type { Answer, Decision } from '../kit/simulator.ts';

/** A mention as an activity names it (msteams-docs, "Mentions in bot messages"). */
export interface Entity {
  readonly type: string;
  readonly text?: string;
  readonly mentioned?: { readonly id?: string; readonly name?: string };
}

export interface TeamsFile {
  readonly name: string;
  readonly mediaType: string;
  readonly base64: string;
  /** An address that opens the file without a token. */
  readonly url: string;
}

/** A post as the journal holds it. Times are ISO 8601. */
export interface Post {
  readonly kind: 'post';
  readonly conversation: string;
  readonly id: string;
  /** Id of the thread's first message. Every post in a channel has one; for the first message it is its own id. */
  readonly root?: string;
  readonly text: string;
  readonly entities: readonly Entity[];
  /** The person who posted it; absent when the bot did. */
  readonly user?: string;
  /** The HTML form that a client sends in addition to the text. */
  readonly html?: string;
  readonly file?: TeamsFile;
}
interface Edit {
  readonly kind: 'edit';
  readonly conversation: string;
  readonly id: string;
  readonly text: string;
  readonly entities: readonly Entity[];
  readonly html?: string;
  readonly at: string;
}
interface Deletion {
  readonly kind: 'delete';
  readonly conversation: string;
  readonly id: string;
  readonly at: string;
}
export interface Reaction {
  readonly kind: 'react' | 'unreact';
  readonly conversation: string;
  readonly id: string;
  readonly user: string;
  /** The name of the reaction, such as `like`. */
  readonly type: string;
  readonly at: string;
}
export type TeamsEvent = Post | Edit | Deletion | Reaction;

/**
 * The present form of a message. A deleted message stays listed, so that a test can tell it from one that never came.
 */
export interface Held extends Post {
  readonly edited?: true;
  readonly deleted?: true;
  /** For each type of reaction, the ids of the people who added it. */
  readonly reactions?: Readonly<Record<string, readonly string[]>>;
  /** Times of the last edit, of the deletion and of the last reaction, in ISO 8601. */
  readonly times?: { readonly edited?: string; readonly deleted?: string; readonly reacted?: string };
}

/** The largest activity, in bytes of UTF-16: about 100 KB (msteams-docs, "Format your bot messages"). */
const maxBytes = 100 * 1_024;
const elements = 'a at b blockquote br code em h1 h2 h3 hr i li ol p pre s strike strong u ul'.split(' ');

/** An error in the form of the Bot Connector (msteams-docs, "Status codes from bot conversational APIs"). */
export function refused(status: number, code: string, message = code): { readonly answer: Answer } {
  return { answer: { status, body: { error: { code, message } } } };
}

/** Checks the message that a bot sends, and returns its text and entities, or a refusal. */
export function readMessage(activity: unknown): Pick<Post, 'text' | 'entities'> | Decision<TeamsEvent> {
  if (typeof activity !== 'object' || activity === null) return refused(400, 'BadSyntax', 'no activity');
  if (JSON.stringify(activity).length * 2 > maxBytes) return refused(413, 'MessageSizeTooBig');
  const { type, text, textFormat = 'markdown', entities = [] } = activity as Record<string, unknown>;
  if (type !== 'message') return refused(400, 'BadArgument', 'type must be message');
  if (typeof text !== 'string' || text === '') return refused(400, 'BadSyntax', 'activity must have text');
  if (textFormat === 'xml' && !isWellFormed(text)) return refused(400, 'BadSyntax', 'the text is no XML of ours');
  if (!Array.isArray(entities)) return refused(400, 'BadSyntax', 'entities must be a list');
  const strange = (entities as Entity[]).find(
    ({ type: kind, text: part, mentioned }) =>
      kind === 'mention' && (part === undefined || !text.includes(part) || mentioned?.id === undefined),
  );
  // The text must contain the entity's text exactly (msteams-docs, "Mentions in bot messages").
  if (strange !== undefined) return refused(400, 'BadArgument', 'a mention does not match the text');
  return { text, entities: entities as Entity[] };
}

/**
 * Whether the text has only known elements, each closed in the element that opened it, and no other bracket or
 * ampersand.
 */
function isWellFormed(text: string): boolean {
  const open: string[] = [];
  const rest = text.replaceAll(/<(\/?)([a-z0-9]+)((?: [a-z]+="[^"<>]*")*)(\/?)>/g, (_, close, name, _more, self) => {
    if (!elements.includes(String(name))) return '<';
    if (close === '/') return open.pop() === name ? '' : '<';
    if (self !== '/') open.push(String(name));
    return '';
  });
  return open.length === 0 && !/<|&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-f]+);)/i.test(rest);
}

/** Applies an event to the messages of its conversation, which are oldest first. */
export function apply(posts: Held[], event: TeamsEvent): void {
  if (event.kind === 'post') {
    posts.push(event);
    return;
  }
  const index = posts.findIndex(({ id }) => id === event.id);
  const found = posts[index];
  if (found === undefined) return;
  switch (event.kind) {
    case 'edit': {
      const { text, entities, html } = event;
      const times = { ...found.times, edited: event.at };
      posts[index] = { ...found, text, entities, ...(html === undefined ? {} : { html }), edited: true, times };
      return;
    }
    case 'delete':
      posts[index] = { ...found, deleted: true, times: { ...found.times, deleted: event.at } };
      return;
    default: {
      const others = (found.reactions?.[event.type] ?? []).filter((user) => user !== event.user);
      const users = event.kind === 'react' ? [...others, event.user] : others;
      const times = { ...found.times, reacted: event.at };
      posts[index] = { ...found, reactions: { ...found.reactions, [event.type]: users }, times };
    }
  }
}

/** Returns the id of the next message: milliseconds since 1970, strictly rising in a conversation. */
export function nextId(posts: readonly Held[], now: Date): string {
  return String(Math.max(now.getTime(), Number(posts.at(-1)?.id ?? 0) + 1));
}
