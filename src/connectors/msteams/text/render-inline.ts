import type { Element, ElementContent } from 'hast';
import type { Definition, Nodes, PhrasingContent } from 'mdast';
import type { Mentioned } from '../../contract/connector.ts';
import { mentionOf, safeUrl, textOf } from '../../text/mention.ts';

/**
 * The Teams id of the person whom each `at` element mentions. It is stored outside the tree, because the element itself
 * does not contain it.
 */
const mentioned = new WeakMap<Element, string>();

/** The Teams id of the person whom an `at` element mentions. */
export function mentionedBy(node: Element): string {
  return mentioned.get(node) ?? '';
}

export interface RenderContext {
  readonly definitions: ReadonlyMap<string, Definition>;
  /** The people who are mentioned, by the `ref` of the mention. */
  readonly people: ReadonlyMap<string, Mentioned>;
  readonly depth: number;
  readonly inLink: boolean;
}

/** Deeper levels are left out, because rendering recurses. */
export const maxDepth = 60;

export function element(tagName: string, children: ElementContent[], properties: Element['properties'] = {}): Element {
  return { type: 'element', tagName, properties, children };
}

/**
 * Removes control characters except line feeds and tabs, and U+FFFE and U+FFFF. XML does not allow most of them (W3C,
 * XML 1.0, section 2.2).
 */
export function text(value: string): ElementContent {
  return { type: 'text', value: value.replaceAll(/[^\P{Cc}\n\t]|[\uFFFE\uFFFF]/gu, '') };
}

/** Every line end becomes a break, so that readers see lines as they were typed. */
function lines(value: string): ElementContent[] {
  return value
    .split('\n')
    .flatMap((line, index) => [...(index === 0 ? [] : [element('br', [])]), ...(line === '' ? [] : [text(line)])]);
}

/** Renders inline content with elements that Teams shows in all clients (msteams-docs, "Format your bot messages"). */
export function inline(nodes: readonly Nodes[], context: RenderContext): ElementContent[] {
  const deeper = { ...context, depth: context.depth + 1 };
  if (deeper.depth > maxDepth) return lines(textOf(nodes as PhrasingContent[]));
  return nodes.flatMap((node) => piece(node, deeper));
}

function piece(node: Nodes, context: RenderContext): ElementContent[] {
  const { definitions } = context;
  switch (node.type) {
    case 'text':
      return lines(node.value);
    case 'strong':
      return [element('strong', inline(node.children, context))];
    case 'emphasis':
      return [element('em', inline(node.children, context))];
    case 'delete':
      return [element('strike', inline(node.children, context))];
    case 'inlineCode':
      return [element('code', [text(node.value)])];
    case 'break':
      return [element('br', [])];
    case 'html':
      return /^<br\s*\/?>$/i.test(node.value) ? [element('br', [])] : lines(node.value);
    case 'link':
      return mention(node, context) ?? link(node.url, node.children, context);
    case 'image':
      return link(node.url, [{ type: 'text', value: node.alt ?? '' }], context);
    case 'linkReference':
      return link(definitions.get(node.identifier)?.url ?? '', node.children, context);
    case 'imageReference':
      return link(definitions.get(node.identifier)?.url ?? '', [{ type: 'text', value: node.alt ?? '' }], context);
    case 'footnoteReference':
      return [text(`[${node.identifier}]`)];
    default:
      return 'children' in node ? inline(node.children, context) : [];
  }
}

function link(url: string, label: readonly PhrasingContent[], context: RenderContext): ElementContent[] {
  const shown = textOf(label).trim();
  const href = context.inLink ? undefined : safeUrl(url);
  if (href === undefined)
    return lines(url === '' || url === shown || context.inLink ? shown : `${shown} (${url})`.trim());
  const children = shown === '' ? [text(url)] : inline(label, { ...context, inLink: true });
  return [element('a', children, { href })];
}

/** A person who is known on Teams is mentioned; any other person is named in text. */
function mention(node: Extract<Nodes, { type: 'link' }>, { people }: RenderContext): ElementContent[] | undefined {
  const found = mentionOf(node);
  if (found === undefined) return undefined;
  const { id, name = found.label } = people.get(found.ref) ?? {};
  const label = plainName(name);
  if (id === undefined || label === '') return lines(`@${name}`);
  const at = element('at', [text(label)]);
  mentioned.set(at, id);
  return [at];
}

/** The entity must repeat the text of the element exactly, so characters that would be escaped are replaced. */
function plainName(name: string): string {
  return name
    .replaceAll(/[<>&"'`\p{Cc}]/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
