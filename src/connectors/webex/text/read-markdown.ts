import type { Nodes, PhrasingContent, Root } from 'mdast';
import { parseMarkdown } from '../../text/markdown.ts';
import { mentionNode, safeUrl, textOf, type Mention } from '../../text/mention.ts';

/**
 * Encloses the number of a mention while the Markdown, which knows no mentions, is parsed. No text uses this character,
 * and like the brackets of a mention it is a symbol, so a style may begin next to it.
 */
const mark = '\uFFFC';
const token = /<@(?:personEmail:([^|>\s]+)|personId:([^|>\s]+)|(all))(?:\|([^>\n]*))?>/g;
const placeholder = /\uFFFC(\d+)\uFFFC/;

interface Found {
  readonly source: string;
  readonly mention: Mention | undefined;
  readonly label: string;
}

/**
 * Reads Webex's Markdown into a tree (developer.webex.com, "Formatting Messages"): CommonMark with mentions such as
 * `<@personId:…|Name>`. HTML becomes text, and so do links with a scheme that is not safe, such as our own.
 */
export function readWebexMarkdown(markdown: string, personOf: (id: string) => Mention | undefined): Root {
  const found: Found[] = [];
  const source = markdown
    .replaceAll(mark, '')
    .replaceAll(token, (whole: string, email?: string, id?: string, all?: string, label?: string) => {
      const mention: Mention | undefined =
        all === undefined ? (email === undefined ? personOf(id ?? '') : { kind: 'email', email }) : { kind: 'all' };
      found.push({ source: whole, mention, label: label ?? email ?? all ?? id ?? '' });
      return `${mark}${found.length - 1}${mark}`;
    });
  const root = parseMarkdown(source);
  const waiting: Nodes[] = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if ('url' in node) node.url = restore(node.url, found);
    if ('value' in node) node.value = restore(node.value, found);
    if (!('children' in node)) continue;
    const isInLink = node.type === 'link';
    const children = (node.children as Nodes[]).flatMap((child) => replaced(child, found, isInLink));
    node.children = children as never;
    waiting.push(...children.filter((child) => !('data' in child)));
  }
  return root;
}

/** The nodes that replace a node. A mention carries `data`, so that it is not processed again. */
function replaced(node: Nodes, found: readonly Found[], isInLink: boolean): Nodes[] {
  if (node.type === 'html') return [{ type: 'text', value: restore(node.value, found) }];
  if (node.type === 'link' && safeUrl(node.url) === undefined) return [{ type: 'text', value: textOf(node.children) }];
  if (node.type !== 'text' || isInLink) return [node];
  return node.value.split(/(\uFFFC\d+\uFFFC)/).flatMap((part): PhrasingContent[] => {
    const one = found[Number(placeholder.exec(part)?.[1] ?? -1)];
    if (one === undefined) return part === '' ? [] : [{ type: 'text', value: part }];
    if (one.mention === undefined) return [{ type: 'text', value: one.label }];
    return [{ ...mentionNode(one.mention, one.label), data: {} }];
  });
}

/** Restores the source of a mention in code, in URLs and in labels. */
function restore(text: string, found: readonly Found[]): string {
  return text.replaceAll(/\uFFFC(\d+)\uFFFC/g, (_, index: string) => found[Number(index)]?.source ?? '');
}
