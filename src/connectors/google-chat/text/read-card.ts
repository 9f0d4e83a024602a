import type { BlockContent, PhrasingContent, Root } from 'mdast';
import {
  bounded,
  buttons,
  facts,
  foreignMarkdown,
  inlineOf,
  named,
  paragraph,
  picture,
  strong,
  text,
  title,
  type Button,
} from '../../text/card.ts';
import { readHtml } from '../../text/html.ts';
import { tidy } from '../../text/tidy.ts';
import { at, listAt, textAt } from '../../http/json-path.ts';

/**
 * Reads the cards of a message into a tree (developers.google.com/workspace/chat, "Cards v2" and "Cards v1"): texts and
 * labels, links for buttons that open an address, and the names of buttons and inputs that only an app could handle.
 * Never throws.
 */
export function readCards(message: unknown): Root {
  const cards = [...listAt(message, 'cardsV2').map((one) => at(one, 'card')), ...listAt(message, 'cards')];
  return { type: 'root', children: cards.flatMap((card) => readCard(bounded(card))) };
}

function readCard(card: unknown): BlockContent[] {
  const footer = ['primaryButton', 'secondaryButton'].flatMap((key) => at(card, 'fixedFooter', key) ?? []);
  return [
    ...title(text(textAt(card, 'header', 'title') ?? '')),
    ...paragraph(text(textAt(card, 'header', 'subtitle') ?? '')),
    ...listAt(card, 'sections').flatMap((section) => [
      ...paragraph(strong(inline(textAt(section, 'header')))),
      ...widgets(listAt(section, 'widgets')),
    ]),
    ...buttons(footer.map(readButton)),
  ];
}

function widgets(all: readonly unknown[]): BlockContent[] {
  return all.flatMap((widget) => {
    if (typeof widget !== 'object' || widget === null) return [];
    // A widget has one key that names its type. In version 1, `buttons` may be next to it.
    return Object.entries(widget).flatMap(([kind, value]) => readWidget(kind, value));
  });
}

function readWidget(kind: string, widget: unknown): BlockContent[] {
  switch (kind) {
    case 'textParagraph': {
      const value = textAt(widget, 'text') ?? '';
      return textAt(widget, 'textSyntax') === 'MARKDOWN' ? foreignMarkdown(value) : blocks(value);
    }
    case 'decoratedText':
    case 'keyValue':
      return labelled(widget);
    case 'image':
      return picture(textAt(widget, 'imageUrl'), textAt(widget, 'altText'));
    case 'buttonList':
      return buttons(listAt(widget, 'buttons').map(readButton));
    case 'chipList':
      return buttons(listAt(widget, 'chips').map(readButton));
    case 'buttons':
      return buttons((Array.isArray(widget) ? widget : []).map(readButton));
    case 'divider':
      return [{ type: 'thematicBreak' }];
    case 'columns':
      return listAt(widget, 'columnItems').flatMap((column) => widgets(listAt(column, 'widgets')));
    case 'carousel':
      return listAt(widget, 'carouselCards').flatMap((card) => widgets(listAt(card, 'widgets')));
    case 'grid':
      return [
        ...paragraph(strong(inline(textAt(widget, 'title')))),
        ...facts(
          listAt(widget, 'items').map((item) => ({
            name: textAt(item, 'title') ?? textAt(item, 'image', 'altText'),
            value: inline(textAt(item, 'subtitle')),
          })),
        ),
      ];
    case 'selectionInput':
    case 'textInput':
    case 'dateTimePicker':
      return paragraph(named('input', textAt(widget, 'label')));
    default:
      return [];
  }
}

/** Reads a widget with a label above, a text, a label below, and a button. */
function labelled(widget: unknown): BlockContent[] {
  const value = inline(textAt(widget, 'text') ?? textAt(widget, 'content'));
  const below = textAt(widget, 'bottomLabel');
  return [
    ...facts([{ name: textAt(widget, 'topLabel'), value }]),
    ...paragraph(...inline(below)),
    ...buttons([at(widget, 'button')].filter((one) => one !== undefined).map(readButton)),
  ];
}

/** Reads a button of version 2, or of version 1, where it is a `textButton` or an `imageButton`. */
function readButton(button: unknown): Button {
  const one = at(button, 'textButton') ?? at(button, 'imageButton') ?? button;
  const label = ['text', 'label', 'altText', 'name'].flatMap((key) => textAt(one, key) ?? [])[0];
  return { label: label ?? textAt(one, 'icon', 'altText'), url: textAt(one, 'onClick', 'openLink', 'url') };
}

/** Reads a text of a card, which is HTML with a few elements ("Format text in cards") in which line ends count. */
function blocks(html: string): BlockContent[] {
  return tidy(readHtml(html.replaceAll(/\r\n?|\n/g, '<br>'))).children as BlockContent[];
}

function inline(html: string | undefined): PhrasingContent[] {
  return html === undefined ? [] : inlineOf(blocks(html));
}
