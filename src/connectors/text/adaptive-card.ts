import type { BlockContent, PhrasingContent, Root, TableRow } from 'mdast';
import { at, listAt, textAt } from '../http/json-path.ts';
import {
  bounded,
  buttons,
  facts,
  foreignMarkdown,
  inlineOf,
  linked,
  named,
  paragraph,
  picture,
  strong,
  text,
  title,
  type Button,
} from './card.ts';
import { styledText } from './styled-text.ts';

export const adaptiveCardType = 'application/vnd.microsoft.card.adaptive';

/**
 * Reads an Adaptive Card into a tree (learn.microsoft.com/adaptive-cards, "Schema Explorer"): its texts, facts and
 * tables, links for buttons that open an address, and the names of buttons and inputs that only a program can handle.
 * If none of these can be read, the tree contains the card's `fallbackText`, or what the card wants spoken (`speak`).
 * Never throws.
 */
export function readAdaptiveCard(content: unknown): Root {
  const card = bounded(content);
  const children = [...elements(listAt(card, 'body')), ...buttons(listAt(card, 'actions').map(readAction))];
  if (children.length > 0) return { type: 'root', children };
  return { type: 'root', children: paragraph(text(textAt(card, 'fallbackText') ?? textAt(card, 'speak') ?? '')) };
}

function elements(all: readonly unknown[]): BlockContent[] {
  return all.flatMap((one) => (at(one, 'isVisible') === false ? [] : element(one)));
}

function element(one: unknown): BlockContent[] {
  switch (textAt(one, 'type')) {
    case 'TextBlock':
      return textBlock(one);
    case 'RichTextBlock':
      return paragraph(...listAt(one, 'inlines').flatMap(readRun));
    case 'FactSet':
      return facts(
        listAt(one, 'facts').map((fact) => ({
          name: textAt(fact, 'title'),
          value: inlineOf(readMarkdown(textAt(fact, 'value') ?? '')),
        })),
      );
    case 'Image':
      return picture(textAt(one, 'url'), textAt(one, 'altText'));
    case 'ImageSet':
      return elements(listAt(one, 'images'));
    case 'Media':
      return paragraph(named('media', textAt(one, 'altText')));
    case 'ActionSet':
      return buttons(listAt(one, 'actions').map(readAction));
    case 'Table':
      return table(one);
    case undefined:
      return [];
    default:
      return other(one);
  }
}

function textBlock(one: unknown): BlockContent[] {
  const blocks = readMarkdown(textAt(one, 'text') ?? '');
  if (textAt(one, 'style') === 'heading') return title(...inlineOf(blocks));
  if (textAt(one, 'weight')?.toLowerCase() !== 'bolder') return blocks;
  return blocks.map((block) => (block.type === 'paragraph' ? { ...block, children: [strong(block.children)] } : block));
}

/**
 * Reads the text of a card, which is a subset of Markdown. A mention (`<at>Ann</at>`) becomes `@Ann`: the person's id
 * is elsewhere in the activity, so the copy names them without notifying them.
 */
function readMarkdown(markdown: string): BlockContent[] {
  return foreignMarkdown(markdown.replaceAll(/<at>([^<>]*)<\/at>/gi, '@$1'));
}

/** Reads a string or a `TextRun`. */
function readRun(run: unknown): PhrasingContent[] {
  if (typeof run === 'string') return [text(run)];
  const value = textAt(run, 'text') ?? '';
  const url = textAt(run, 'selectAction', 'url');
  if (url !== undefined) return [linked(value, url)];
  return styledText(value, {
    strong: textAt(run, 'weight')?.toLowerCase() === 'bolder',
    emphasis: at(run, 'italic') === true,
    delete: at(run, 'strikethrough') === true,
  });
}

function readAction(action: unknown): Button {
  const isLink = textAt(action, 'type') === 'Action.OpenUrl';
  return { label: textAt(action, 'title'), url: isLink ? textAt(action, 'url') : undefined };
}

function table(one: unknown): BlockContent[] {
  const children = listAt(one, 'rows').map((row): TableRow => ({
    type: 'tableRow',
    children: listAt(row, 'cells').map((cell) => ({
      type: 'tableCell',
      children: inlineOf(elements(listAt(cell, 'items'))),
    })),
  }));
  return children.some((row) => row.children.length > 0) ? [{ type: 'table', children }] : [];
}

/**
 * Handles containers (`Container`, `ColumnSet`, `Column`, `Carousel`), inputs (`Input.Text`) and element types that are
 * not known here.
 */
function other(one: unknown): BlockContent[] {
  const held = ['items', 'columns', 'pages', 'body'].flatMap((key) => listAt(one, key));
  if (held.length > 0) return elements(held);
  const fallback = at(one, 'fallback');
  if (typeof fallback === 'object' && fallback !== null) return elements([fallback]);
  const type = textAt(one, 'type') ?? '';
  if (/^(?:Container|ColumnSet|Column|CarouselPage|Carousel)$/.test(type)) return [];
  const name = ['label', 'title', 'text', 'placeholder', 'altText'].flatMap((key) => textAt(one, key) ?? [])[0];
  return paragraph(named(type.startsWith('Input.') ? 'input' : type, name));
}
