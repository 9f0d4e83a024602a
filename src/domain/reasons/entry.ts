/**
 * What a failure affects. `message`: only this message. `destination` and `connection`: everything that goes there, as
 * with an archived channel, a revoked token or a rate limit. A permanent failure pauses what it affects; Retry-After
 * holds it back.
 */
export const affectedThings = ['message', 'destination', 'connection'] as const;
export type Affected = (typeof affectedThings)[number];

/** Where a code is met, with the sentence that the docs and the API say of it. */
export const reasonKinds = {
  failure: 'A call to a platform failed. On attempts, deliveries, gates, subscriptions and files.',
  delivery: 'Carillon ended or parked a delivery by its own rules. On deliveries.',
  waiting: 'A delivery waits, and no attempt is spent. On deliveries.',
  gate: 'A destination or a connection was paused. On the health of gates.',
  degraded: 'A message arrived with less than was asked for. In `degraded` of deliveries.',
  file: 'A file cannot be posted and is linked instead. In `degraded` of deliveries.',
  subscription: 'Carillon cannot subscribe to the events of a room. On subscriptions.',
  event: 'An event from a platform became no message. In the inbox and in quarantine, unless it is dropped at once.',
  request: 'A request to a hook was refused. In the answer to the platform and in the log.',
} as const satisfies Record<string, string>;
export type ReasonKind = keyof typeof reasonKinds;

/** One code of the table. Texts are plain English for an operator, and they may change; the code may not. */
export interface ReasonEntry {
  readonly kind: ReasonKind;
  /** What the code usually speaks of. A few codes speak of less where a post is changed; their texts say so. */
  readonly affects: Affected;
  /** The connectors whose platforms give this code; absent where any may. */
  readonly connectors?: readonly string[];
  /** Only of a family: the codes of it that Carillon makes, where they have no entries of their own. */
  readonly members?: readonly string[];
  /** What happened, in one sentence. */
  readonly meaning: string;
  /** The usual cause. */
  readonly cause: string;
  /** What an operator does. */
  readonly action: string;
}

type Common = Partial<Pick<ReasonEntry, 'kind' | 'affects' | 'connectors'>>;
type Row<Shared extends Common> = Omit<ReasonEntry, keyof Shared> & Partial<ReasonEntry>;

/**
 * The entries of codes that have something in common.
 * @param common what each entry has that does not say otherwise.
 * @param rows by code. A code with a `*` is a family: the star stands for any text.
 */
export function group<Shared extends Common, const Rows extends Readonly<Record<string, Row<Shared>>>>(
  common: Shared,
  rows: Rows,
): { readonly [Code in keyof Rows]: ReasonEntry } {
  const entries = Object.entries<Row<Shared>>(rows).map(([code, row]) => [code, { ...common, ...row }]);
  return Object.fromEntries(entries) as { [Code in keyof Rows]: ReasonEntry };
}
