import type { Link, Nodes, Parents, PhrasingContent, Root, Text } from 'mdast';

type Style = Extract<PhrasingContent, { type: 'strong' | 'emphasis' | 'delete' }>;
type Container = Style | Link;

/**
 * Changes the tree so that Markdown can express it; platforms send trees that it cannot. Styles that are empty, nested
 * in the same style or directly after the same style are removed or merged, and white space and breaks at their ends
 * move outside. A link inside a link becomes its text. Line ends in headings become spaces. Paragraphs lose breaks at
 * their ends, and empty paragraphs are removed. Lists become tight, because no platform says how far apart items are.
 */
export function tidy(tree: Root): Root {
  return { ...tree, children: blocks(tree.children) };
}

const phrasing = new Set('text strong emphasis delete link inlineCode break image footnoteReference'.split(' '));

/** Wraps inline nodes between blocks in paragraphs. */
function inParagraphs(nodes: readonly Nodes[]): Nodes[] {
  const flow: Nodes[] = [];
  let line: PhrasingContent[] = [];
  for (const node of nodes) {
    if (!phrasing.has(node.type)) {
      line = [];
      flow.push(node);
      continue;
    }
    if (line.length === 0) flow.push({ type: 'paragraph', children: line });
    line.push(node as PhrasingContent);
  }
  return flow;
}

function blocks<T extends Nodes>(nodes: readonly T[]): T[] {
  return (inParagraphs(nodes) as T[]).flatMap((node): T[] => {
    if (node.type === 'paragraph' || node.type === 'heading' || node.type === 'tableCell') {
      const isOneLine = node.type !== 'paragraph';
      const children = split(run(isOneLine ? inOneLine(node.children) : node.children, [])).core;
      return node.type !== 'tableCell' && children.length === 0 ? [] : [{ ...node, children }];
    }
    if (node.type === 'list' || node.type === 'listItem')
      return [{ ...node, spread: false, children: blocks(node.children as Nodes[]) } as T];
    if (node.type === 'code') return [{ ...node, value: sayable(node.value) }];
    return 'children' in node && !isContainer(node)
      ? [{ ...node, children: blocks((node as Parents).children) }]
      : [node];
  });
}

function inOneLine(nodes: readonly PhrasingContent[]): PhrasingContent[] {
  return nodes.map((node): PhrasingContent => {
    if (node.type === 'break') return { type: 'text', value: ' ' };
    if (node.type === 'text') return { ...node, value: node.value.replaceAll('\n', ' ') };
    return isContainer(node) ? ({ ...node, children: inOneLine(node.children) } as PhrasingContent) : node;
  });
}

/** Removes what Markdown parsers reject: control characters, halves of surrogate pairs and noncharacters. */
function sayable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]|\p{Cs}|\p{Noncharacter_Code_Point}/gu, '');
}

/**
 * Tidies inline content.
 * @param open the styles, and `link`, that are open around it.
 */
function run(nodes: readonly PhrasingContent[], open: readonly string[]): PhrasingContent[] {
  const whole = nodes.flatMap((node) => unwrap(node, open)).reduce(join, []);
  return whole.flatMap((node) => loosen(node, open)).reduce(join, []);
}

/** Removes a style inside the same style, because it has no effect. */
function unwrap(node: PhrasingContent, open: readonly string[]): PhrasingContent[] {
  const isSame = isContainer(node) && open.includes(node.type);
  return isSame ? node.children.flatMap((child) => unwrap(child, open)) : [node];
}

/** Moves white space and breaks at the ends of a style outside of it. */
function loosen(node: PhrasingContent, open: readonly string[]): PhrasingContent[] {
  if (node.type === 'text') return [{ type: 'text', value: sayable(node.value) }];
  if (node.type === 'inlineCode') return code(sayable(node.value).replaceAll(/\s*\n\s*/g, ' '));
  if (!isContainer(node)) return [node];
  const { before, core, after } = split(run(node.children, [...open, node.type]));
  const inner = { ...node, children: core } as PhrasingContent;
  // A link without text stays a link.
  if (core.length === 0) return [...before, ...(node.type === 'link' ? [inner] : []), ...after];
  return [...before, inner, ...after];
}

/** Trims inline code. Not every platform shows white space at its ends, and Markdown removes some of it. */
function code(value: string): PhrasingContent[] {
  const core = value.trim();
  if (core !== '') return [{ type: 'inlineCode', value: core }];
  return value === '' ? [] : [{ type: 'text', value }];
}

function isContainer(node: Nodes): node is Container {
  return node.type === 'strong' || node.type === 'emphasis' || node.type === 'delete' || node.type === 'link';
}

/** Merges two adjacent nodes of the same kind, because Markdown would read their delimiters differently. */
function join(nodes: PhrasingContent[], node: PhrasingContent): PhrasingContent[] {
  const last = nodes.at(-1);
  const isSame = last?.type === node.type;
  if (isSame && (node.type === 'text' || node.type === 'inlineCode'))
    nodes[nodes.length - 1] = { type: node.type, value: (last as Text).value + node.value };
  else if (isSame && isContainer(node) && node.type !== 'link')
    nodes[nodes.length - 1] = { ...node, children: [...(last as Style).children, ...node.children].reduce(join, []) };
  else nodes.push(node);
  return nodes;
}

function split(nodes: readonly PhrasingContent[]) {
  const apart = nodes.flatMap(spaceApart);
  let [start, end] = [0, apart.length];
  while (start < end && isBlank(apart[start])) start += 1;
  while (end > start && isBlank(apart[end - 1])) end -= 1;
  return { before: apart.slice(0, start), core: apart.slice(start, end).reduce(join, []), after: apart.slice(end) };
}

function isBlank(node: PhrasingContent | undefined): boolean {
  return node?.type === 'break' || (node?.type === 'text' && node.value.trim() === '');
}

/** Splits a text node so that the white space at its ends becomes text nodes of its own. */
function spaceApart(node: PhrasingContent): PhrasingContent[] {
  if (node.type !== 'text') return [node];
  const core = node.value.trim();
  const start = node.value.indexOf(core);
  const parts = [node.value.slice(0, start), core, node.value.slice(start + core.length)];
  return parts.filter((value) => value !== '').map((value) => ({ type: 'text', value }));
}
