import type { Nodes, Root } from 'mdast';
import type { Kept } from '../contract/kept.ts';

/** A text without any of these has no form at all; most have none, and are then not parsed for this. */
const formed = /[`~>|*+-]|\d[.)]/;

/**
 * Which forms of a text a platform shows otherwise than they were meant, for whoever wants to know why it looks different
 * there. What costs nobody anything is not said, such as a code block's language, or a heading that is strong text and a
 * list that has its marks as text: nearly every message would say it.
 * @param parse of the text; called where it may have forms.
 * @returns each once, such as `tables are code blocks`.
 */
export function lostForms(text: string, keeps: Kept, parse: (text: string) => Root): string[] {
  if (!formed.test(text)) return [];
  const lost = new Set<string>();
  const open: { node: Nodes; inList: boolean; inQuote: boolean }[] = [
    { node: parse(text), inList: false, inQuote: false },
  ];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, inList, inQuote } = next;
    const form = lostForm(node, keeps, { inList, inQuote });
    if (form !== undefined) lost.add(form);
    if (!('children' in node)) continue;
    const below = { inList: inList || node.type === 'list', inQuote: inQuote || node.type === 'blockquote' };
    for (const child of node.children) open.push({ node: child, ...below });
  }
  return [...lost].sort();
}

function lostForm(node: Nodes, keeps: Kept, at: { inList: boolean; inQuote: boolean }): string | undefined {
  switch (node.type) {
    case 'delete':
      return keeps.strike === 'text' ? 'struck text is plain' : undefined;
    case 'inlineCode':
      return keeps.code === 'text' ? 'code is plain text' : undefined;
    case 'code':
      return keeps.codeBlock === 'text' ? 'code blocks are plain text' : undefined;
    case 'list':
      return keeps.list === 'one level' && at.inList ? 'lists have one level' : undefined;
    case 'blockquote':
      if (keeps.quote === 'text') return 'quotes are plain text';
      return keeps.quote === 'one level' && at.inQuote ? 'quotes have one level' : undefined;
    case 'table':
      if (keeps.table === 'kept') return undefined;
      return keeps.table === 'text' ? 'tables are plain text' : 'tables are code blocks';
    default:
      return undefined;
  }
}
