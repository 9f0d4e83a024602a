/** What a key may do; one does not include another, but `admin` is all of its tenant. */
export const scopes = ['messages:write', 'messages:read', 'deliveries:operate', 'config:write', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** Whether who holds these scopes may do what wants that one. */
export function covers(held: readonly Scope[], wanted: Scope): boolean {
  return held.includes(wanted) || held.includes('admin');
}
