import type { Connector, Outgoing } from '../connectors/contract/connector.ts';
import { maxParts, partMarkdown, splitText, treeOf } from '../connectors/text/split-text.ts';
import type { Reason } from '../domain/failure.ts';
import { withLinks, type FilesByPlace } from './file-posts.ts';
import { fileHash } from '../store/inbound/files.ts';
import type { PostPart } from '../store/ledger/parts.ts';

/** Which post of a delivery is sent next. */
export interface PartOf {
  /** From 1. */
  readonly number: number;
  readonly of: number;
  /** The change takes a post away. */
  readonly isRemoval: boolean;
}

/** The one post that is sent next. */
export interface Post {
  readonly outgoing: Outgoing;
  /** Absent where there is one post. */
  readonly part?: PartOf;
  /** What is left out of this one. */
  readonly cut?: Reason;
}

/**
 * Into which posts a message goes that no attempt has sent yet; undefined where that is one, as it stands. A change has
 * one for each post of what it changes: what is too long for them is cut, and those that are not needed are taken away.
 * @param outgoing the whole message, with all that is known of its author and whom it mentions.
 * @param posts of what it changes.
 */
export function planParts(
  connector: Connector,
  outgoing: Outgoing,
  posts: readonly string[],
  files: FilesByPlace = new Map(),
): PostPart[] | undefined {
  const { kind } = outgoing.action;
  if (kind === 'delete') return posts.length > 1 ? removals(posts.length, 0) : undefined;
  if (kind !== 'create' && kind !== 'edit') return undefined;
  const fits = (text: string): boolean => connector.fits?.(withText(outgoing, text)) !== false;
  const { text } = outgoing.message.content;
  const isChangeOfMany = kind === 'edit' && posts.length > 1;
  const { attachments = [] } = outgoing.message.content;
  const filePosts = [...files.keys()].map((file) => ({ file, hash: fileHash(attachments[file]?.id ?? '') }));
  if (filePosts.length > 0 && text.trim() === '') return filePosts;
  if (!isChangeOfMany && filePosts.length === 0 && fits(text)) return undefined;
  const parts = splitText(text, fits, kind === 'create' ? maxParts : Math.max(1, posts.length));
  if (isChangeOfMany) return [...parts, ...removals(posts.length, parts.length)];
  if (filePosts.length > 0) return [...parts, ...filePosts];
  return parts.length > 1 || parts[0]?.isCut === true ? parts : undefined;
}

/** From the last on. */
const removals = (posts: number, kept: number): PostPart[] =>
  Array.from({ length: posts - kept }, (_, index) => ({ remove: posts - 1 - index }));

/** @param whole the message as it was written. @param at how many have arrived. */
export function postOf(
  { title }: Connector,
  whole: Outgoing,
  parts: readonly PostPart[] | null,
  at: number,
  posts: readonly string[],
  files: FilesByPlace = new Map(),
): Post {
  const entry = parts?.[at];
  if (parts === null || entry === undefined) return { outgoing: whole };
  const key = at === 0 ? whole.key : `${whole.key}:${at + 1}`;
  const part = { number: at + 1, of: parts.length, isRemoval: 'remove' in entry };
  if ('remove' in entry)
    return { outgoing: { ...whole, key, action: { kind: 'delete', nativeId: posts[entry.remove] ?? null } }, part };
  const texts = parts.filter((one) => 'from' in one).length;
  if ('file' in entry) {
    const [file, attachment] = [files.get(entry.file), whole.message.content.attachments?.[entry.file]];
    const said = withText(whole, '');
    const content = { ...said.message.content, attachments: attachment === undefined ? [] : [attachment] };
    const isAlone = texts === 0 && at === 0;
    const outgoing = { ...said, key, message: { ...said.message, content } };
    // It was here when the split was made, and could not be had again.
    if (file === undefined) return { outgoing: { ...outgoing, message: withLinks(outgoing.message) }, part };
    return { outgoing: { ...outgoing, file: { ...file, isAlone } }, part };
  }
  const { text } = whole.message.content;
  // One that holds all of it is sent as it was written.
  const isWhole = texts === 1 && entry.isCut !== true;
  const written = isWhole ? text : partMarkdown(treeOf(text), entry, part.number, texts);
  const action = whole.action.kind === 'edit' ? { ...whole.action, nativeId: posts[at] ?? null } : whole.action;
  const cut = { code: 'cut', message: `It is longer than what ${title} takes here: the end of it is missing.` };
  return { outgoing: { ...withText(whole, written), key, action }, part, ...(entry.isCut === true ? { cut } : {}) };
}

function withText(outgoing: Outgoing, text: string): Outgoing {
  const { message } = outgoing;
  return { ...outgoing, message: { ...message, content: { ...message.content, text } } };
}
