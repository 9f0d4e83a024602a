/** The types of reactions in Teams (bot-docs, "MessageReaction"; msteams-docs, "Get message reactions"). */
const emojiByType: Readonly<Record<string, string>> = {
  like: '👍',
  plusOne: '👍',
  heart: '❤️',
  laugh: '😆',
  surprised: '😮',
  sad: '😢',
  angry: '😠',
};

/**
 * The Unicode emoji of a reaction type, or `:type:` if the table has none. A type that is itself an emoji stays
 * unchanged.
 */
export function emojiOfType(type: string): string {
  const known = Object.hasOwn(emojiByType, type) ? emojiByType[type] : undefined;
  if (known !== undefined) return known;
  return /^\p{Extended_Pictographic}/u.test(type) ? type : `:${type.replaceAll(/[:\s]/g, '_').slice(0, 100)}:`;
}
