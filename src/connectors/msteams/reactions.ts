/** Types of reactions of Teams (bot-docs, "MessageReaction"; msteams-docs, "Get message reactions"). */
const emojiByType: Readonly<Record<string, string>> = {
  like: '👍',
  plusOne: '👍',
  heart: '❤️',
  laugh: '😆',
  surprised: '😮',
  sad: '😢',
  angry: '😠',
};

/** Unicode; `:type:` where this page knows none for it. A type that is an emoji already stays as it is. */
export function emojiOfType(type: string): string {
  const known = Object.hasOwn(emojiByType, type) ? emojiByType[type] : undefined;
  if (known !== undefined) return known;
  return /^\p{Extended_Pictographic}/u.test(type) ? type : `:${type.replaceAll(/[:\s]/g, '_').slice(0, 100)}:`;
}
