import type { Connector, Outgoing } from '../connectors/contract/connector.ts';
import { maxParts, partMarkdown, splitText, treeOf } from '../connectors/text/split-text.ts';
import type { Reason } from '../domain/failure.ts';
import { fileHash } from '../store/inbound/files.ts';
import type { PostPart } from '../store/ledger/parts.ts';
import { postsOf, type AttemptPlan } from './attempt-plan.ts';
import { postsItsFiles, withLinks, type FilesByIndex } from './file-posts.ts';
import type { GatheredFiles } from './gather-files.ts';
import type { PartOf } from './sent.ts';

/** The one post that an attempt sends. */
export interface PlannedPost {
  readonly outgoing: Outgoing;
  /** Absent where the delivery is one post. */
  readonly part?: PartOf;
  /** A split that no attempt has pinned yet; the claim pins it. */
  readonly newParts?: readonly PostPart[];
  readonly degraded: Reason | undefined;
}

/**
 * Plans the next post of a delivery: the whole message, or the next part of it. A split that an earlier attempt pinned
 * is kept; a fresh one is made here.
 * @param whole the plan's message, with everything that look-ups found out about its author and its mentions: the split
 *   depends on them, because names take room.
 */
export function planPost(plan: AttemptPlan, whole: Outgoing, files: GatheredFiles): PlannedPost {
  const { entry, connector } = plan;
  const posts = postsOf(entry);
  const linked = linkMissing(connector, whole, files.byIndex);
  const newParts = entry.isPinned ? undefined : split(connector, linked, posts, files.byIndex);
  const parts = entry.isPinned ? entry.parts : (newParts ?? null);
  const { cut, ...post } = postAt(connector, linked, parts, entry.isPinned ? entry.part : 0, posts, files.byIndex);
  return {
    ...post,
    ...(newParts === undefined ? {} : { newParts }),
    degraded: cut ?? files.degraded ?? plan.degraded,
  };
}

/** The message with links to those of its files that should be posts and could not be had. */
function linkMissing(connector: Connector, whole: Outgoing, files: FilesByIndex): Outgoing {
  if (!postsItsFiles(connector, whole.message, whole.action)) return whole;
  const missing = (whole.message.content.attachments ?? []).filter((_, index) => !files.has(index));
  return { ...whole, message: withLinks(whole.message, missing) };
}

/**
 * Splits a message that no attempt has sent yet into posts. A change has one post for each post of the original: text
 * that is too long for them is cut, and posts that are not needed any more are taken away.
 * @param posts of the original that is changed.
 * @returns undefined where the message goes out as one post, as it is.
 */
function split(
  connector: Connector,
  outgoing: Outgoing,
  posts: readonly string[],
  files: FilesByIndex,
): PostPart[] | undefined {
  const { kind } = outgoing.action;
  if (kind === 'delete') return posts.length > 1 ? removals(posts.length, 0) : undefined;
  if (kind !== 'create' && kind !== 'edit') return undefined;
  const fits = (text: string): boolean => connector.fits?.(withText(outgoing, text)) !== false;
  const { text, attachments = [] } = outgoing.message.content;
  const isChangeOfMany = kind === 'edit' && posts.length > 1;
  const filePosts = [...files.keys()].map((file) => ({ file, hash: fileHash(attachments[file]?.id ?? '') }));
  if (filePosts.length > 0 && text.trim() === '') return filePosts;
  if (!isChangeOfMany && filePosts.length === 0 && fits(text)) return undefined;
  const parts = splitText(text, fits, kind === 'create' ? maxParts : Math.max(1, posts.length));
  if (isChangeOfMany) return [...parts, ...removals(posts.length, parts.length)];
  if (filePosts.length > 0) return [...parts, ...filePosts];
  return parts.length > 1 || parts[0]?.isCut === true ? parts : undefined;
}

/** The posts that are taken away, the last one first. */
const removals = (posts: number, kept: number): PostPart[] =>
  Array.from({ length: posts - kept }, (_, index) => ({ remove: posts - 1 - index }));

interface Post extends Pick<PlannedPost, 'outgoing' | 'part'> {
  /** The text of this post had to be cut. */
  readonly cut?: Reason;
}

/** @param at the index of the part to send, which is the number of parts that have arrived. */
function postAt(
  { title }: Connector,
  whole: Outgoing,
  parts: readonly PostPart[] | null,
  at: number,
  posts: readonly string[],
  files: FilesByIndex,
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
    const bare = withText(whole, '');
    const content = { ...bare.message.content, attachments: attachment === undefined ? [] : [attachment] };
    const outgoing = { ...bare, key, message: { ...bare.message, content } };
    // The file was here when the split was made, and could not be had again.
    if (file === undefined) return { outgoing: { ...outgoing, message: withLinks(outgoing.message) }, part };
    return { outgoing: { ...outgoing, file: { ...file, isAlone: texts === 0 && at === 0 } }, part };
  }
  const { text } = whole.message.content;
  // A part that holds the whole text is sent as it was written.
  const isWhole = texts === 1 && entry.isCut !== true;
  const written = isWhole ? text : partMarkdown(treeOf(text), entry, part.number, texts);
  const action = whole.action.kind === 'edit' ? { ...whole.action, nativeId: posts[at] ?? null } : whole.action;
  const cut: Reason = { code: 'cut', message: `The text is longer than ${title} takes here, so its end is missing.` };
  return { outgoing: { ...withText(whole, written), key, action }, part, ...(entry.isCut === true ? { cut } : {}) };
}

function withText(outgoing: Outgoing, text: string): Outgoing {
  const { message } = outgoing;
  return { ...outgoing, message: { ...message, content: { ...message.content, text } } };
}
