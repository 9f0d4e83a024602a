import { googleChat } from './google-chat.ts';
import { matrix } from './matrix.ts';
import { msteams } from './msteams.ts';
import type { Platform } from './platform.ts';
import { slack } from './slack.ts';
import { webex } from './webex.ts';
import { zoom } from './zoom.ts';

/** Every platform that can be bridged. */
export const platforms: readonly Platform[] = [slack, msteams, webex, googleChat, zoom, matrix];
