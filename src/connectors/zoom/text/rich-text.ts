/**
 * What Zoom says of a text beside it (developers.zoom.us, Send a chat message): the text itself holds no markup, so
 * nothing that a person wrote can become any. Positions count from the text's beginning, in characters; which kind of
 * character is not documented, and taken to be UTF-16 code units, as in the language of Zoom's clients.
 */
export interface Format {
  readonly start_position: number;
  /** Behind the last character: the page makes the first letter of "Hello" bold from 0 to 1. */
  readonly end_position: number;
  readonly format_type:
    'Bold' | 'Italic' | 'Strikethrough' | 'BulletedList' | 'NumberedList' | 'Paragraph' | 'Quote' | 'AddLink';
  /** `h1` to `h3` of a paragraph, the URL of a link. */
  readonly format_attr?: string;
}

/** Whom a piece of the text mentions; `2` is everybody in the channel. */
export interface AtItem {
  /** E-mail address or member id; only of type 1. A user id is not among what Zoom takes here. */
  readonly at_contact?: string;
  readonly at_type: 1 | 2;
  readonly start_position: number;
  /** The last character itself: the page gives "@Shrijana" 0 and 8. */
  readonly end_position: number;
}

/** A text with what is said of it. */
export interface RichText {
  readonly text: string;
  readonly formats: readonly Format[];
  readonly mentions: readonly AtItem[];
}

/** A text that grows, and what is said of its parts. */
export interface Draft {
  text: string;
  readonly formats: Format[];
  readonly mentions: AtItem[];
}

const ellipsis = '…';

/**
 * A mark in front, and the rest cut to what fits: not inside a character that is made of several, nor inside a mention.
 * The ellipsis shows that something is missing.
 * @param max of the whole, in UTF-16 code units, which are never fewer than characters.
 */
export function finish(draft: RichText, mark: string, max: number): RichText {
  const room = max - mark.length;
  const text = draft.text.trimEnd();
  const end = text.length <= room ? text.length : cutAt(draft, room - ellipsis.length);
  const shift = mark.length;
  return {
    text: `${mark}${text.slice(0, end)}${end < text.length ? ellipsis : ''}`,
    formats: draft.formats
      .map((one) => ({ ...one, end_position: Math.min(one.end_position, end) }))
      .filter((one) => one.start_position < one.end_position)
      .map((one) => ({
        ...one,
        start_position: one.start_position + shift,
        end_position: one.end_position + shift,
      })),
    mentions: draft.mentions
      .filter((one) => one.end_position < end)
      .map((one) => ({
        ...one,
        start_position: one.start_position + shift,
        end_position: one.end_position + shift,
      })),
  };
}

function cutAt({ text, mentions }: RichText, room: number): number {
  const at = new Intl.Segmenter().segment(text).containing(Math.max(0, room))?.index ?? 0;
  const inside = mentions.find((one) => one.start_position < at && at <= one.end_position);
  const end = inside?.start_position ?? at;
  return text.slice(0, end).trimEnd().length;
}
