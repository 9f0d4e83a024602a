import type { Nodes, Root } from 'mdast';
import type { Kept } from '../contract/kept.ts';

/**
 * A text with none of these characters has no form that could be lost. Most texts have none, so they are not parsed.
 */
const formed = /[`~>|*+-]|\d[.)]/;

/**
 * Lists the forms of a text that a platform shows differently, for users who want to know why a copy looks different.
 * Small losses are not listed, because nearly every message would have one: a code block's language, a heading that
 * becomes strong text, list markers that become text.
 * @param parse parses the text; called only if it may contain such forms.
 * @returns each loss once, such as `tables are code blocks`.
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
