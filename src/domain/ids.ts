/**
 * Ids are opaque. Only `store/db/new-id.ts` makes them (UUIDv7 behind a prefix, so that they sort by time), and no code
 * interprets them. The brands prevent passing a delivery's id where a message's is expected.
 */
export type TenantId = string & { readonly brand?: 'tenant' };
export type MessageId = string & { readonly brand?: 'message' };
export type DeliveryId = string & { readonly brand?: 'delivery' };
export type AttemptId = string & { readonly brand?: 'attempt' };
export type ConnectionId = string & { readonly brand?: 'connection' };
export type DestinationId = string & { readonly brand?: 'destination' };
export type ApiKeyId = string & { readonly brand?: 'api-key' };
export type InboxId = string & { readonly brand?: 'inbox' };
export type BridgeId = string & { readonly brand?: 'bridge' };
export type JobId = string & { readonly brand?: 'job' };
export type SubscriptionId = string & { readonly brand?: 'subscription' };

/** The tenant that exists from the start. The administrator's key works in it unless a request names another. */
export const defaultTenant: TenantId = 'default';

/** Ids that a user chooses: of tenants, connections, destinations, routes, bridges. At most 64 characters. */
export const chosenId = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** Ids that we make: a prefix and 26 characters of Crockford base32 in lower case (TypeID 0.3). */
export const messageIdPattern = /^msg_[0-7][0-9a-hjkmnp-tv-z]{25}$/;
export const deliveryIdPattern = /^dlv_[0-7][0-9a-hjkmnp-tv-z]{25}$/;
export const apiKeyIdPattern = /^key_[0-7][0-9a-hjkmnp-tv-z]{25}$/;
export const inboxIdPattern = /^inb_[0-7][0-9a-hjkmnp-tv-z]{25}$/;
export const jobIdPattern = /^job_[0-7][0-9a-hjkmnp-tv-z]{25}$/;
export const subscriptionIdPattern = /^sub_[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/**
 * The only tenant in which the path `/hooks/{connection}` finds this connection; undefined for any tenant. An id that
 * we made is unique over all tenants, but a chosen id may exist in several.
 */
export const hookTenant = (id: ConnectionId): TenantId | undefined =>
  id.startsWith('conn_') ? undefined : defaultTenant;
