import type { PhrasingContent } from 'mdast';
import type { Mentioned } from '../../contract/connector.ts';
import { mentionOf, textOf } from '../../text/mention.ts';
import type { Draft, Format } from './rich-text.ts';

export interface RenderContext {
  /** The people who are mentioned, by the `ref` of the mention. Their `id` is what Zoom takes in a mention. */
  readonly people: ReadonlyMap<string, Mentioned>;
  /** The URLs of reference links (`[text][label]`). */
  readonly definitions: ReadonlyMap<string, string>;
  /** False if the call takes no formats, as in an edit. Links are then written out. */
  readonly isRich: boolean;
  /** The styles that are open here, and those that have no effect here. */
  readonly styles: readonly string[];
  /** What a line end becomes: a space in content that must stay on one line. */
  readonly lineEnd: '\n' | ' ';
  readonly depth: number;
}

/** Deeper content is written without styles, because writing recurses. */
const maxDepth = 100;
const styleOf = { strong: 'Bold', emphasis: 'Italic', delete: 'Strikethrough' } as const;

/** Appends inline content to a draft. */
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

/** `AddLink` takes only web addresses and only one line. Any other link is written out. */
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

/** Writes a mention that notifies a person who is known on Zoom; any other person is named in text. */
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

/** Applies a format to everything that was written since `start`, without the white space at its ends. */
export function format(draft: Draft, format_type: Format['format_type'], start: number, format_attr?: string): void {
  const written = draft.text.slice(start);
  const core = written.trim();
  if (core === '') return;
  const start_position = start + written.indexOf(core);
  const attribute = format_attr === undefined ? {} : { format_attr };
  draft.formats.push({ start_position, end_position: start_position + core.length, format_type, ...attribute });
}
