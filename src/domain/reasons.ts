import { arrivalReasons } from './reasons/arrivals.ts';
import { credentialReasons } from './reasons/credentials.ts';
import { degradedReasons } from './reasons/degraded.ts';
import { deliveringReasons } from './reasons/delivering.ts';
import type { ReasonEntry } from './reasons/entry.ts';
import { googleChatReasons } from './reasons/google-chat.ts';
import { httpReasons } from './reasons/http.ts';
import { matrixReasons } from './reasons/matrix.ts';
import { teamsReasons } from './reasons/msteams.ts';
import { fileReasons, sendingReasons } from './reasons/sending.ts';
import { slackAccessReasons, slackPostReasons } from './reasons/slack.ts';
import { requestReasons, subscriptionReasons } from './reasons/subscriptions.ts';
import { waitingReasons } from './reasons/waiting.ts';
import { zoomReasons } from './reasons/zoom.ts';

/** The groups of the table, in the order of docs/reasons.md. A code stands in one of them only. */
export const reasonGroups = {
  'How deliveries end': deliveringReasons,
  'Why deliveries wait': waitingReasons,
  'What was left out': degradedReasons,
  'Network and HTTP': httpReasons,
  Credentials: credentialReasons,
  'Sending, on several platforms': sendingReasons,
  Files: fileReasons,
  'Slack: posts': slackPostReasons,
  'Slack: channels and access': slackAccessReasons,
  'Microsoft Teams': teamsReasons,
  'Google Chat': googleChatReasons,
  Zoom: zoomReasons,
  Matrix: matrixReasons,
  'Events from platforms': arrivalReasons,
  Subscriptions: subscriptionReasons,
  'Requests of platforms': requestReasons,
} as const;

/**
 * Every reason code that Carillon produces, with its meaning. A key with a `*` is a family of codes: the star stands
 * for any text, such as the status in `http_*`. The problem codes of the API have a table of their own, in
 * src/api/errors.ts.
 */
export const reasons = {
  ...deliveringReasons,
  ...waitingReasons,
  ...degradedReasons,
  ...httpReasons,
  ...credentialReasons,
  ...sendingReasons,
  ...fileReasons,
  ...slackPostReasons,
  ...slackAccessReasons,
  ...teamsReasons,
  ...googleChatReasons,
  ...zoomReasons,
  ...matrixReasons,
  ...arrivalReasons,
  ...subscriptionReasons,
  ...requestReasons,
} as const;

type Matching<Key extends string> = Key extends `${infer Start}*${infer End}` ? `${Start}${string}${End}` : Key;

/** A code of the table, or one of a family. */
export type ReasonCode = Matching<keyof typeof reasons>;

export const isFamily = (key: string): boolean => key.includes('*');

/** The families, those with the longest start first: `http_5*` describes `http_503` better than `http_*`. */
const families = Object.keys(reasons)
  .filter(isFamily)
  .sort((a, b) => b.length - a.length);

/** The entry of a code, or of the family that it belongs to; undefined for a code that the table does not know. */
export function findReason(code: string): ReasonEntry | undefined {
  const key = Object.hasOwn(reasons, code) ? code : families.find((family) => isMember(code, family));
  return key === undefined ? undefined : (reasons as Readonly<Record<string, ReasonEntry>>)[key];
}

/** The codes of a family that Carillon makes, or that have an entry of their own. */
export function membersOf(family: string): string[] {
  const own = Object.keys(reasons).filter((code) => !isFamily(code) && isMember(code, family));
  return [...(findReason(family)?.members ?? []), ...own].sort();
}

function isMember(code: string, family: string): boolean {
  const [start = '', end = ''] = family.split('*');
  return code.length >= start.length + end.length && code.startsWith(start) && code.endsWith(end);
}
