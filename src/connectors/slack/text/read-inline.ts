import type { PhrasingContent } from 'mdast';
import type { ConnectionId } from '../../../domain/ids.ts';
import { at, textAt } from '../../http/json-path.ts';
import { unicodeOf } from '../../text/emoji.ts';
import { mentionNode, safeUrl } from '../../text/mention.ts';
import { styledText } from '../../text/styled-text.ts';

/**
 * Reads the elements of a `rich_text_section` as inline content: text with styles, links, mentions, emoji
 * (docs.slack.dev, "Rich text block"). Ids of people become mentions. Channels and user groups are shown by their ids,
 * because Slack sends nothing else.
 */
export function readInline(elements: readonly unknown[], connection: ConnectionId): PhrasingContent[] {
  return elements.flatMap((element) => readElement(element, connection));
}

function readElement(element: unknown, connection: ConnectionId): PhrasingContent[] {
  const text = textAt(element, 'text');
  const styled = (value: string): PhrasingContent[] => styledText(value, stylesOf(at(element, 'style')));
  switch (textAt(element, 'type')) {
    case 'text':
      return text === undefined ? [] : styled(text);
    case 'link': {
      const raw = textAt(element, 'url') ?? '';
      const url = safeUrl(raw);
      if (url === undefined) return styled(text ?? raw);
      return [{ type: 'link', url, children: text === undefined ? [{ type: 'text', value: url }] : styled(text) }];
    }
    case 'user': {
      const id = textAt(element, 'user_id');
      return id === undefined ? [] : [mentionNode({ kind: 'native', connection, id }, id)];
    }
    case 'broadcast':
      return [mentionNode({ kind: 'all' }, textAt(element, 'range') ?? 'here')];
    case 'emoji':
      return [{ type: 'text', value: emojiOf(element) }];
    case 'channel':
      return [{ type: 'text', value: `#${textAt(element, 'channel_id') ?? ''}` }];
    case 'usergroup':
      return [{ type: 'text', value: `@${textAt(element, 'usergroup_id') ?? ''}` }];
    case 'date':
      return styled(textAt(element, 'fallback') ?? text ?? '');
    case 'color':
      return styled(textAt(element, 'value') ?? '');
    default:
      return text === undefined ? [] : styled(text);
  }
}

/** Slack adds the code points to the name, but not for custom emoji. */
function emojiOf(element: unknown): string {
  const points = textAt(element, 'unicode');
  if (points !== undefined && /^[0-9a-f]{2,6}(?:-[0-9a-f]{2,6})*$/i.test(points)) {
    const numbers = points.split('-').map((point) => Number.parseInt(point, 16));
    if (numbers.every((number) => number <= 0x10_ff_ff)) return String.fromCodePoint(...numbers);
  }
  return unicodeOf(textAt(element, 'name') ?? '');
}

function stylesOf(style: unknown) {
  return {
    strong: at(style, 'bold') === true,
    emphasis: at(style, 'italic') === true,
    delete: at(style, 'strike') === true,
    code: at(style, 'code') === true,
  };
}
