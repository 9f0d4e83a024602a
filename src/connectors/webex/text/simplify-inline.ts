import type { Definition, Nodes, PhrasingContent } from 'mdast';
import type { Mentioned } from '../../contract/connector.ts';
import { mentionNode, mentionOf } from '../../text/mention.ts';
import { linkTarget, withoutMentions } from './escape.ts';

/** The options of `simplify` and the position in the tree. */
export interface Context {
  /** The people who are mentioned, by the `ref` of the mention. */
  readonly people: ReadonlyMap<string, Mentioned>;
  /** If false, mentions become text that names the person. */
  readonly areMentionsNative: boolean;
  readonly definitions: ReadonlyMap<string, Definition>;
  readonly depth: number;
  /** The styles that are open here. */
  readonly styles: readonly string[];
}

/** Deeper levels become plain text, because the functions recurse. */
export const maxDepth = 30;
const personId = /^[A-Za-z0-9_=-]+$/;

/** Reduces inline content to what Webex shows. */
export function inline(nodes: readonly Nodes[], context: Context): PhrasingContent[] {
  if (context.depth > maxDepth) return lines(plain(nodes));
  return nodes.flatMap((node) => phrase(node, { ...context, depth: context.depth + 1 }));
}

function phrase(node: Nodes, context: Context): PhrasingContent[] {
  switch (node.type) {
    case 'text':
      return lines(node.value);
    case 'strong':
    case 'emphasis': {
      // The same style a second time would end it.
      if (context.styles.includes(node.type)) return inline(node.children, context);
      const children = inline(node.children, { ...context, styles: [...context.styles, node.type] });
      return children.length === 0 ? [] : [{ type: node.type, children }];
    }
    case 'inlineCode': {
      const value = withoutMentions(node.value.replaceAll(/\s*\n\s*/g, ' '));
      return value.trim() === '' ? [] : [{ type: 'inlineCode', value }];
    }
    case 'break':
      return [{ type: 'break' }];
    case 'html':
      return /^<br\s*\/?>$/i.test(node.value) ? [{ type: 'break' }] : lines(node.value);
    case 'link':
      return mention(node, context) ?? link(node.url, node.children, context);
    case 'image':
      return link(node.url, [text(node.alt ?? '')], context);
    case 'linkReference':
      return link(context.definitions.get(node.identifier)?.url ?? '', node.children, context);
    case 'imageReference':
      return link(context.definitions.get(node.identifier)?.url ?? '', [text(node.alt ?? '')], context);
    case 'footnoteReference':
      return [text(`[${node.identifier}]`)];
    default:
      return 'children' in node ? inline(node.children, context) : lines(plain([node]));
  }
}

/** A person who is known on Webex is mentioned and notified; any other person is named in text. */
function mention(node: Extract<Nodes, { type: 'link' }>, context: Context): PhrasingContent[] | undefined {
  const found = mentionOf(node);
  if (found === undefined) return undefined;
  const { id, name = found.label } = context.people.get(found.ref) ?? {};
  if (!context.areMentionsNative) return [text(`@${name}`)];
  if (found.mention.kind === 'all') return [mentionNode(found.mention, 'all')];
  if (id === undefined || !personId.test(id)) return [text(`@${name}`)];
  // The id is already Webex's, so the connection's name no longer matters.
  return [mentionNode({ kind: 'native', connection: 'webex', id }, name)];
}

function link(url: string, label: readonly Nodes[], context: Context): PhrasingContent[] {
  const target = linkTarget(url);
  const children = trimmed(inline(label, context)).filter(({ type }) => type !== 'link');
  const shown = children.map((one) => (one.type === 'break' ? text(' ') : one));
  if (target === undefined) return [...shown, ...(url === '' || plain(shown) === url ? [] : [text(` (${url})`)])];
  return [{ type: 'link', url: target, children: shown.length === 0 ? [text(url)] : shown }];
}

export const text = (value: string): PhrasingContent => ({ type: 'text', value });

/** Every line end becomes a break, so that readers see lines as they were typed. */
function lines(value: string): PhrasingContent[] {
  return value
    .split('\n')
    .flatMap((line, index): PhrasingContent[] => [
      ...(index === 0 ? [] : [{ type: 'break' as const }]),
      ...(line === '' ? [] : [text(line)]),
    ]);
}

/** Removes white space at the ends and next to breaks. It is not shown, and the serializer would have to encode it. */
export function trimmed(nodes: readonly PhrasingContent[]): PhrasingContent[] {
  const kept: PhrasingContent[] = [];
  for (const [index, node] of nodes.entries()) {
    const isFirst = kept.length === 0 || kept.at(-1)?.type === 'break';
    const isLast = index === nodes.length - 1 || nodes[index + 1]?.type === 'break';
    if (node.type === 'break' && isFirst) continue;
    if (node.type !== 'text') {
      kept.push(node);
      continue;
    }
    const start = isFirst ? node.value.trimStart() : node.value;
    const value = isLast ? start.trimEnd() : start;
    if (value !== '') kept.push(text(value));
  }
  while (kept.at(-1)?.type === 'break') kept.pop();
  return kept;
}

/** The text of the nodes. It uses its own stack, because a tree can be too deep for recursion. */
export function plain(nodes: readonly Nodes[]): string {
  const stack = [...nodes].reverse();
  let said = '';
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if ('children' in node) for (const child of [...node.children].reverse()) stack.push(child);
    else if ('value' in node) said += node.value;
    else if (node.type === 'break') said += '\n';
  }
  return said;
}
