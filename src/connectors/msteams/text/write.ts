import type { Element, Root as HastRoot, RootContent } from 'hast';
import { toHtml } from 'hast-util-to-html';
import type { Root } from 'mdast';
import type { Mentioned } from '../../contract/connector.ts';
import { isTooLong, parseMarkdown } from '../../text/markdown.ts';
import { cutTree, textLength } from './cut.ts';
import { mentionedBy } from './render-inline.ts';
import { render } from './render.ts';

/** A mention. `text` repeats the element in the message (msteams-docs, "Mentions in bot messages"). */
export interface MentionEntity {
  readonly type: 'mention';
  readonly text: string;
  readonly mentioned: { readonly id: string; readonly name: string };
}

export interface TeamsText {
  /** XML, to be sent with `textFormat` `xml`. Empty if there is nothing to show. */
  readonly text: string;
  readonly entities: readonly MentionEntity[];
}

/**
 * The longest text with its mentions, in UTF-16 code units. A message may have about 100 KB, all of it counted as
 * UTF-16, and 80 KB are guaranteed to pass (msteams-docs, "Format your bot messages"). 1 024 units are left for the
 * rest of the message.
 */
export const maxUnits = (80 * 1_024) / 2 - 1_024;

export interface TeamsTextOptions {
  /** The longest text and mentions, as JSON in code units. */
  readonly max?: number;
  /** The people who are mentioned, by the `ref` of the mention. */
  readonly people?: ReadonlyMap<string, Mentioned>;
  /** Changes the tree before it is written. */
  readonly change?: (tree: Root) => Root;
}

/**
 * Writes Markdown as the XML of Teams. What the author wrote as text never becomes markup, a link or a mention.
 * @returns at most `max`, with an ellipsis if something was cut.
 */
export function toTeamsText(
  markdown: string,
  { max = maxUnits, people = new Map(), change = (tree) => tree }: TeamsTextOptions = {},
): TeamsText {
  const whole = render(change(parseMarkdown(markdown)), people);
  let written = write(whole);
  // Each pass keeps less text, because markup and escapes make the message longer than its text.
  for (let keep = textLength(whole); sizeOf(written) > max;)
    written = write(cutTree(whole, (keep = Math.floor(keep * Math.min(0.95, max / sizeOf(written))))));
  return written;
}

/** Whether `toTeamsText` would not cut the text. */
export function fitsTeams(
  markdown: string,
  { max = maxUnits, people = new Map(), change = (tree) => tree }: TeamsTextOptions = {},
): boolean {
  return !isTooLong(markdown) && sizeOf(write(render(change(parseMarkdown(markdown)), people))) <= max;
}

function sizeOf(written: TeamsText): number {
  return JSON.stringify(written).length;
}

function write(tree: HastRoot): TeamsText {
  const text = toHtml(tree, { closeSelfClosing: true, characterReferences: { useNamedReferences: true } });
  return { text, entities: mentionsIn(tree) };
}

/** The mentions in the order of the text. */
function mentionsIn(tree: HastRoot): MentionEntity[] {
  const found: MentionEntity[] = [];
  const visit = (nodes: readonly RootContent[]): void => {
    for (const node of nodes) {
      if (node.type !== 'element') continue;
      if (node.tagName === 'at') found.push(entityOf(node));
      else visit(node.children);
    }
  };
  visit(tree.children);
  return found;
}

function entityOf(node: Element): MentionEntity {
  const child = node.children[0];
  const name = child?.type === 'text' ? child.value : '';
  return { type: 'mention', text: `<at>${name}</at>`, mentioned: { id: mentionedBy(node), name } };
}
