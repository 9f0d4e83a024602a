import type { MessageId, TenantId } from '../../domain/ids.ts';
import {
  chosenFields,
  hasRule,
  schemaVersion,
  type ChosenField,
  type Content,
  type Envelope,
  type Sender,
  type TimeField,
} from '../../domain/message.ts';
import type { PlannedDelivery } from '../../domain/plan.ts';
import type { SealedContent } from '../db/contents.ts';
import type { EnvelopeRow } from '../db/envelope.ts';

/** A request for a new message, and the key that a repeated request is known by. */
export interface Asked {
  /** The id of the message that the request makes. */
  readonly id: MessageId;
  readonly tenant: TenantId;
  /** `api`, or the connection that the request came by. */
  readonly dedupeScope: string;
  readonly dedupeKey: string;
  /** RFC 8785 form of the body, without `id`. */
  readonly canonicalBody: string;
}

/** The fields that a sender may choose, as a body, an event or a row has them: a time is ISO 8601 text or a `Date`. */
type Chosen = { readonly [Field in ChosenField]?: Envelope[Field] | EnvelopeRow[Field] | null | undefined };

/** The message that a new one edits, deletes or reacts to, or is a replay of. */
type Origin = Pick<EnvelopeRow, 'refersTo' | 'replayOf'>;

/** The chosen fields, with a default where the sender chose nothing. The store sets `occurredAt` when it is null. */
type ChosenEnvelope = {
  readonly [Field in ChosenField]: Field extends TimeField ? Date | null : EnvelopeRow[Field];
};

/** A message before its deliveries are planned. */
export interface Unplanned extends Asked, ChosenEnvelope, Origin {
  readonly schemaVersion: string;
  readonly content: Content;
  readonly sender: Sender | null;
}

export interface Acceptance extends Unplanned {
  readonly deliveries: readonly PlannedDelivery[];
  /** Version of the configuration that the plan was made from. */
  readonly configVersion: number;
}

/**
 * Gives one shape to every message that comes in: a post, a CloudEvent, a platform's event, a replay, an edit, a delete
 * or a reaction. A chosen field without a value gets its default, which is null unless `defaults` names another.
 * @param chosen may have other fields too, which are ignored.
 */
export function toAcceptance(
  { id, tenant, dedupeScope, dedupeKey, canonicalBody }: Asked,
  chosen: Chosen,
  { content, sender }: SealedContent,
  { refersTo = null, replayOf = null }: Partial<Origin> = {},
): Unplanned {
  const defaults: Chosen = {
    type: 'message.created',
    source: 'api',
    correlationId: id,
    priority: 'normal',
    labels: {},
  };
  const asked = { id, tenant, dedupeScope, dedupeKey, canonicalBody };
  // The fields are assigned one by one, because a spread of that many takes 12 µs.
  const message: Record<string, unknown> = Object.assign(asked, { schemaVersion, refersTo, replayOf, content, sender });
  for (const field of chosenFields) {
    const value = chosen[field] ?? defaults[field] ?? null;
    message[field] = typeof value === 'string' && hasRule(field, 'isTime') ? new Date(value) : value;
  }
  return message as unknown as Unplanned;
}
