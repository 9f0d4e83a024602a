import type { RoomMessage } from '../../src/simulators/kit/rooms.ts';
import { platforms } from './platforms/index.ts';
import type { Platform } from './platforms/platform.ts';

/** Returns a text of recognizable lines. A third of them is in a code block, so that a cut goes through it. */
export function longText(length: number): { text: string; lines: number } {
  const line = (n: number): string => `row${String(n).padStart(4, '0')} of a long story that goes on and on`;
  const lines = Math.ceil(length / line(0).length);
  const rows = Array.from({ length: lines }, (_, n) => line(n));
  const third = Math.floor(lines / 3);
  const code = ['```', ...rows.slice(third, third * 2), '```'].join('\n');
  return { text: [rows.slice(0, third).join('. '), code, rows.slice(third * 2).join('. ')].join('\n\n'), lines };
}

/** Returns the part that a post shows, such as `2/3`. */
export const numberOf = ({ markup }: RoomMessage): string | undefined => /\((\d+\/\d+)\)/.exec(markup)?.[1];

export const named = (name: string): Platform => {
  const found = platforms.find(({ connector }) => connector.name === name);
  if (found === undefined) throw new Error(`no platform ${name}`);
  return found;
};
