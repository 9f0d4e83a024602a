import type { BlockContent, Root } from 'mdast';
import { adaptiveCardType, readAdaptiveCard } from '../../text/adaptive-card.ts';
import { bounded, buttons, paragraph, picture, text, title } from '../../text/card.ts';
import { readHtml } from '../../text/html.ts';
import { tidy } from '../../text/tidy.ts';
import { at, listAt, textAt } from '../../http/json-path.ts';

/** Reads the cards among a message's attachments into a tree. Never throws. */
export function readCards(attachments: readonly unknown[]): Root {
  const children = attachments.flatMap((one) => {
    switch (textAt(one, 'contentType')) {
      case adaptiveCardType:
        return readAdaptiveCard(at(one, 'content')).children;
      case 'application/vnd.microsoft.card.hero':
      case 'application/vnd.microsoft.card.thumbnail':
        return readSimpleCard(bounded(at(one, 'content')));
      default:
        return [];
    }
  });
  return { type: 'root', children };
}

/** Reads a hero or thumbnail card, whose text is HTML with a few elements (msteams-docs, "Types of cards"). */
function readSimpleCard(card: unknown): BlockContent[] {
  const readButton = (one: unknown) => {
    const url = textAt(one, 'type') === 'openUrl' ? textAt(one, 'value') : undefined;
    return { label: textAt(one, 'title'), url };
  };
  return [
    ...title(text(textAt(card, 'title') ?? '')),
    ...paragraph(text(textAt(card, 'subtitle') ?? '')),
    ...(tidy(readHtml(textAt(card, 'text') ?? '')).children as BlockContent[]),
    ...listAt(card, 'images').flatMap((one) => picture(textAt(one, 'url'), textAt(one, 'alt'))),
    ...buttons(listAt(card, 'buttons').map(readButton)),
  ];
}
