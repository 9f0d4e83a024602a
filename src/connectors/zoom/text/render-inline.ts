import type { PhrasingContent } from 'mdast';
import type { Mentioned } from '../../contract/connector.ts';
import { mentionOf, textOf } from '../../text/mention.ts';
import type { Draft, Format } from './rich-text.ts';

export interface RenderContext {
  /** Who is mentioned, by the mention's `ref`, with what Zoom takes in a mention. */
  readonly people: ReadonlyMap<string, Mentioned>;
  /** URLs of `[text][label]`. */
  readonly definitions: ReadonlyMap<string, string>;
  /** False where the platform takes no formats, as in an edit: then a link is written out. */
  readonly isRich: boolean;
  /** Styles that are open around this place, and those that mean nothing there. */
  readonly styles: readonly string[];
  /** Line ends become this: `' '` in what must stand in one line. */
  readonly lineEnd: '\n' | ' ';
  readonly depth: number;
}

/** Deeper than this nothing is styled: the stack is finite. */
const maxDepth = 100;
const styleOf = { strong: 'Bold', emphasis: 'Italic', delete: 'Strikethrough' } as const;

/** Puts phrasing content at the end of a draft. */
export function writeInline(draft: Draft, nodes: readonly PhrasingContent[], context: RenderContext): void {
  if (context.depth > maxDepth) draft.text += textOf(nodes);
  else for (const node of nodes) write(draft, node, { ...context, depth: context.depth + 1 });
}

function write(draft: Draft, node: PhrasingContent, context: RenderContext): void {
  switch (node.type) {
    case 'text':
    case 'inlineCode':
      draft.text += node.value.replaceAll(/\r\n?|\n/g, context.lineEnd);
      return;
    case 'html':
      draft.text += /^<br\s*\/?>$/i.test(node.value) ? context.lineEnd : node.value;
      return;
    case 'break':
      draft.text += context.lineEnd;
      return;
    case 'strong':
    case 'emphasis':
    case 'delete':
      writeStyled(draft, styleOf[node.type], node.children, context);
      return;
    case 'link': {
      const mention = mentionOf(node);
      if (mention === undefined) writeLink(draft, node.url, textOf(node.children), context);
      else writeMention(draft, mention, context);
      return;
    }
    case 'image':
      writeLink(draft, node.url, node.alt ?? '', context);
      return;
    case 'linkReference':
      writeLink(draft, context.definitions.get(node.identifier) ?? '', textOf(node.children), context);
      return;
    case 'imageReference':
      writeLink(draft, context.definitions.get(node.identifier) ?? '', node.alt ?? '', context);
      return;
    case 'footnoteReference':
      draft.text += `[${node.identifier}]`;
      return;
    default:
      draft.text += textOf([node]);
  }
}

function writeStyled(
  draft: Draft,
  style: 'Bold' | 'Italic' | 'Strikethrough',
  children: readonly PhrasingContent[],
  context: RenderContext,
): void {
  const isOpen = context.styles.includes(style);
  const start = draft.text.length;
  writeInline(draft, children, isOpen ? context : { ...context, styles: [...context.styles, style] });
  if (!isOpen) format(draft, style, start);
}

/** `AddLink` takes web addresses only, and no more than one line; any other link is written out. */
function writeLink(draft: Draft, url: string, label: string, context: RenderContext): void {
  const text = label.replaceAll(/\s+/g, ' ').trim();
  const isWeb = /^https?:\/\//i.test(url) && URL.canParse(url);
  const start = draft.text.length;
  if (isWeb && context.isRich) {
    draft.text += text === '' ? url : text;
    format(draft, 'AddLink', start, url);
  } else if (url === '' || text === url || url === `mailto:${text}`) draft.text += text;
  else draft.text += text === '' ? url : `${text} (${url})`;
}

/** A person who is known here is told; anybody else is named, as text. */
function writeMention(
  draft: Draft,
  { ref, mention, label }: NonNullable<ReturnType<typeof mentionOf>>,
  { people, isRich }: RenderContext,
): void {
  const { id, name = label } = people.get(ref) ?? {};
  const start_position = draft.text.length;
  draft.text += `@${(mention.kind === 'all' ? 'all' : name).replaceAll(/\s+/g, ' ').trim()}`;
  const place = { start_position, end_position: draft.text.length - 1 };
  if (!isRich) return;
  if (mention.kind === 'all') draft.mentions.push({ at_type: 2, ...place });
  else if (id !== undefined) draft.mentions.push({ at_contact: id, at_type: 1, ...place });
}

/** Says something of all that was written since `start`, without the white space at its ends. */
export function format(draft: Draft, format_type: Format['format_type'], start: number, format_attr?: string): void {
  const written = draft.text.slice(start);
  const core = written.trim();
  if (core === '') return;
  const start_position = start + written.indexOf(core);
  const attribute = format_attr === undefined ? {} : { format_attr };
  draft.formats.push({ start_position, end_position: start_position + core.length, format_type, ...attribute });
}
