/** What an API key may do. No scope includes another, except that `admin` includes all scopes of its tenant. */
export const scopes = ['messages:write', 'messages:read', 'deliveries:operate', 'config:write', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** Whether a key with the scopes `held` may do something that requires `wanted`. */
export function covers(held: readonly Scope[], wanted: Scope): boolean {
  return held.includes(wanted) || held.includes('admin');
}
