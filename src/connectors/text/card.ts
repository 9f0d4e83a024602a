import type { BlockContent, Heading, Link, Nodes, Paragraph, PhrasingContent, Root } from 'mdast';
import { parseMarkdown } from './markdown.ts';
import { safeUrl, textOf } from './mention.ts';

/** Limits of a card that is read. No platform shows a card with more values or deeper nesting. */
const maxValues = 2_000;
const maxDepth = 24;
const maxText = 20_000;

/**
 * Copies a part of an event within the limits above, so that a reader may recurse through all of it. Whatever exceeds
 * them becomes undefined, and text is cut.
 */
export function bounded(value: unknown): unknown {
  const left = { values: maxValues, text: maxText };
  const copy = (one: unknown, depth: number): unknown => {
    left.values -= 1;
    if (left.values < 0 || depth > maxDepth) return undefined;
    if (typeof one === 'string') {
      const text = one.slice(0, left.text);
      left.text -= text.length;
      return text;
    }
    if (Array.isArray(one)) return one.slice(0, left.values).map((each) => copy(each, depth + 1));
    if (typeof one !== 'object' || one === null) return one;
    return Object.fromEntries(
      Object.entries(one)
        .slice(0, left.values)
        .map(([key, each]) => [key, copy(each, depth + 1)]),
    );
  };
  return copy(value, 0);
}

export const text = (value: string): PhrasingContent => ({ type: 'text', value });
export const strong = (children: PhrasingContent[]): PhrasingContent => ({ type: 'strong', children });

/** A paragraph, or nothing if the nodes show no text. */
export function paragraph(...children: PhrasingContent[]): Paragraph[] {
  return textOf(children).trim() === '' ? [] : [{ type: 'paragraph', children }];
}

/** A heading of level 3, or nothing if the nodes show no text. */
export function title(...children: PhrasingContent[]): Heading[] {
  return textOf(children).trim() === '' ? [] : [{ type: 'heading', depth: 3, children }];
}

/** A link with this label, or only the label if the URL is missing or not safe. */
export function linked(label: string, url: string | undefined): PhrasingContent {
  const target = url === undefined ? undefined : safeUrl(url);
  return target === undefined ? text(label) : ({ type: 'link', url: target, children: [text(label)] } satisfies Link);
}

/** Names an element that a copy cannot show: `[image: a cat]`. */
export function named(kind: string, name: string | undefined): PhrasingContent {
  return text(`[${[kind, name].filter((part) => part !== undefined && part !== '').join(': ')}]`);
}

/** A link to a picture under its description. The picture is not downloaded. */
export function picture(url: string | undefined, alt: string | undefined): Paragraph[] {
  const isSafe = url !== undefined && safeUrl(url) !== undefined;
  return paragraph(isSafe ? linked(alt ?? 'image', url) : named('image', alt));
}

export interface Button {
  readonly label: string | undefined;
  readonly url?: string | undefined;
}

/**
 * All buttons in one line: those that open an address as links, and the others, which only a program could handle, by
 * their names.
 */
export function buttons(all: readonly Button[]): Paragraph[] {
  const shown = all.flatMap(({ label, url }, index): PhrasingContent[] => {
    const isLink = url !== undefined && safeUrl(url) !== undefined;
    if (label === undefined && !isLink) return [];
    return [...(index === 0 ? [] : [text(' · ')]), isLink ? linked(label ?? url, url) : named(label ?? '', undefined)];
  });
  return paragraph(...shown);
}

export interface Fact {
  readonly name: string | undefined;
  readonly value: readonly PhrasingContent[];
}

/** One line per fact: its name in strong, then its value. */
export function facts(all: readonly Fact[]): Paragraph[] {
  const lines = all.flatMap(({ name, value }): PhrasingContent[][] => {
    const head = name === undefined ? [] : [strong([text(value.length === 0 ? name : `${name}:`)])];
    const line = [...head, ...(head.length > 0 && value.length > 0 ? [text(' ')] : []), ...value];
    return line.length === 0 ? [] : [line];
  });
  return paragraph(...lines.flatMap((line, index) => [...(index === 0 ? [] : [{ type: 'break' as const }]), ...line]));
}

/** Flattens blocks for a context that contains inline content only. */
export function inlineOf(blocks: readonly Nodes[]): PhrasingContent[] {
  return blocks.flatMap((block, index): PhrasingContent[] => {
    const space = index === 0 ? [] : [text(' ')];
    if (block.type === 'paragraph' || block.type === 'heading') return [...space, ...block.children];
    if ('value' in block) return [...space, text(block.value)];
    return 'children' in block ? [...space, ...inlineOf(block.children as Nodes[])] : [];
  });
}

/**
 * Reads Markdown that came from outside. Links with a scheme that is not safe, among them our own `mention:`, become
 * text; HTML becomes text; pictures become links.
 */
export function foreignMarkdown(markdown: string): BlockContent[] {
  const tree = parseMarkdown(markdown);
  const waiting: Nodes[] = [tree];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (!('children' in node)) continue;
    const parent = node as { type: string; children: Nodes[] };
    parent.children = parent.children.flatMap((child): Nodes[] => {
      if (child.type === 'html')
        return parent.type === 'paragraph' ? [text(child.value)] : paragraph(text(child.value));
      if (child.type === 'link' && safeUrl(child.url) === undefined) return [text(textOf(child.children))];
      if (child.type === 'image') return [linked(child.alt ?? 'image', child.url)];
      return child.type === 'definition' ? [] : [child];
    });
    waiting.push(...parent.children);
  }
  return (tree as Root).children as BlockContent[];
}
