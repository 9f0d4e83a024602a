/**
 * Ids are opaque: only `store/db/new-id.ts` makes them (UUIDv7 behind a prefix, so they sort by time), and nothing reads
 * meaning out of one. The brands stop a delivery's id from being passed where a message's is wanted.
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

/** The tenant that is there from the start; the administrator's key works in it where it names no other. */
export const defaultTenant: TenantId = 'default';

/** Ids that a user chooses: tenants, connections, destinations, routes, bridges. At most 64 characters. */
export const chosenId = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** Ids that we make: prefix and 26 characters of Crockford base32, lower case (TypeID 0.3). */
export const messageIdPattern = /^msg_[0-7][0-9a-hjkmnp-tv-z]{25}$/;
export const deliveryIdPattern = /^dlv_[0-7][0-9a-hjkmnp-tv-z]{25}$/;
export const apiKeyIdPattern = /^key_[0-7][0-9a-hjkmnp-tv-z]{25}$/;
export const inboxIdPattern = /^inb_[0-7][0-9a-hjkmnp-tv-z]{25}$/;
export const jobIdPattern = /^job_[0-7][0-9a-hjkmnp-tv-z]{25}$/;
export const subscriptionIdPattern = /^sub_[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/**
 * In which tenant alone the path `/hooks/{connection}` finds it; undefined for any. What we made nobody can have twice;
 * what was chosen another tenant may have chosen too.
 */
export const hookTenant = (id: ConnectionId): TenantId | undefined =>
  id.startsWith('conn_') ? undefined : defaultTenant;
