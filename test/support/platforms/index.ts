import { msteams } from './msteams.ts';
import type { Platform } from './platform.ts';
import { slack } from './slack.ts';

/** Every platform that can be bridged. */
export const platforms: readonly Platform[] = [slack, msteams];
