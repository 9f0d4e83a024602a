/**
 * A format that Zoom takes beside the text (developers.zoom.us, Send a chat message). The text itself contains no
 * markup, so nothing that a person wrote can become markup. Positions are counted from the beginning of the text in
 * characters. Zoom does not document the kind of character; we assume UTF-16 code units, as in the language of Zoom's
 * clients.
 */
export interface Format {
  readonly start_position: number;
  /** Exclusive: Zoom's page makes the first letter of "Hello" bold with 0 and 1. */
  readonly end_position: number;
  readonly format_type:
    'Bold' | 'Italic' | 'Strikethrough' | 'BulletedList' | 'NumberedList' | 'Paragraph' | 'Quote' | 'AddLink';
  /** `h1` to `h3` for a paragraph, the URL for a link. */
  readonly format_attr?: string;
}

/** The person whom a part of the text mentions. `at_type` 2 mentions everyone in the channel. */
export interface AtItem {
  /** An e-mail address or member id; only for type 1. Zoom does not take a user id here. */
  readonly at_contact?: string;
  readonly at_type: 1 | 2;
  readonly start_position: number;
  /** Inclusive: Zoom's page gives "@Shrijana" the positions 0 and 8. */
  readonly end_position: number;
}

/** A text with its formats and mentions. */
export interface RichText {
  readonly text: string;
  readonly formats: readonly Format[];
  readonly mentions: readonly AtItem[];
}

/** A text that is being written, with its formats and mentions. */
export interface Draft {
  text: string;
  readonly formats: Format[];
  readonly mentions: AtItem[];
}

const ellipsis = '…';

/**
 * Puts the mark before the text and cuts the rest to fit, but never inside a mention or a character of several code
 * units. An ellipsis shows that something is missing.
 * @param max length of the whole in UTF-16 code units, which are never fewer than characters.
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
