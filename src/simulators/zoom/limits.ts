/**
 * How many messages a channel takes in a time, and for how long it is blocked after more, in milliseconds (Send a chat
 * message).
 */
const windows = [
  { ms: 1_000, most: 10, blockedMs: 10_000 },
  { ms: 10_000, most: 30, blockedMs: 30_000 },
  { ms: 100_000, most: 60, blockedMs: 60_000 },
  { ms: 1_000_000, most: 450, blockedMs: 300_000 },
] as const;

export interface ChannelLimits {
  /** Whether this channel takes one more message now. Counts the message if it does. */
  take(channel: string, now: number): boolean;
}

export function createChannelLimits(): ChannelLimits {
  const channels = new Map<string, { sent: number[]; blockedUntil: number }>();
  return {
    take(channel, now) {
      const one = channels.get(channel) ?? { sent: [], blockedUntil: 0 };
      channels.set(channel, one);
      if (now < one.blockedUntil) return false;
      one.sent = one.sent.filter((time) => time > now - 1_000_000);
      const full = windows.find(({ ms, most }) => one.sent.filter((time) => time > now - ms).length >= most);
      if (full !== undefined) {
        one.blockedUntil = now + full.blockedMs;
        return false;
      }
      one.sent.push(now);
      return true;
    },
  };
}
