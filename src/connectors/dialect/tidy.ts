import type { Nodes, Parents, PhrasingContent, Root } from 'mdast';

/**
 * A tree that Markdown can say: no style around nothing, none that begins or ends with white space or a break, and no
 * paragraph that does. HTML may have all of these.
 */
export function tidy(tree: Root): Root {
  tidyChildren(tree);
  return tree;
}

function tidyChildren(parent: Parents): void {
  for (const child of parent.children) if ('children' in child) tidyChildren(child);
  if (parent.type === 'paragraph' || parent.type === 'heading' || parent.type === 'tableCell') {
    parent.children = split(parent.children.flatMap(loosen)).core;
    return;
  }
  if (isStyle(parent)) return;
  (parent as { children: Nodes[] }).children = (parent.children as Nodes[]).filter(
    (child) => child.type !== 'paragraph' || child.children.length > 0,
  );
}

function isStyle(node: Nodes): node is Extract<PhrasingContent, { type: 'strong' | 'emphasis' | 'delete' | 'link' }> {
  return node.type === 'strong' || node.type === 'emphasis' || node.type === 'delete' || node.type === 'link';
}

/** What is blank at the ends of a style stands outside of it. */
function loosen(node: PhrasingContent): PhrasingContent[] {
  if (!isStyle(node)) return [node];
  const { before, core, after } = split((node.children as PhrasingContent[]).flatMap(loosen));
  const style = { ...node, children: core } as PhrasingContent;
  return core.length === 0 ? [...before, ...after] : [...before, style, ...after];
}

function split(nodes: readonly PhrasingContent[]) {
  const apart = nodes.flatMap(spaceApart);
  let [start, end] = [0, apart.length];
  while (start < end && isBlank(apart[start])) start += 1;
  while (end > start && isBlank(apart[end - 1])) end -= 1;
  return { before: apart.slice(0, start), core: apart.slice(start, end), after: apart.slice(end) };
}

function isBlank(node: PhrasingContent | undefined): boolean {
  return node?.type === 'break' || (node?.type === 'text' && node.value.trim() === '');
}

/** A text with the white space at its ends as texts of their own. */
function spaceApart(node: PhrasingContent): PhrasingContent[] {
  if (node.type !== 'text') return [node];
  const core = node.value.trim();
  const start = node.value.indexOf(core);
  const parts = [node.value.slice(0, start), core, node.value.slice(start + core.length)];
  return parts.filter((value) => value !== '').map((value) => ({ type: 'text', value }));
}
