import type { TenantId } from '../../domain/ids.ts';
import type { Scope } from '../../domain/scope.ts';

/** Whose request it is, and what it may do. */
export interface Caller {
  /** All that the request sees and changes belongs to this one. */
  readonly tenant: TenantId;
  /** Id of the key, `admin` for the administrator's: who did it, in logs and histories. */
  readonly key: string;
  readonly scopes: readonly Scope[];
  /** It is the administrator of all tenants, not a key of one. */
  readonly isAdministrator: boolean;
  /** For answers that go on: whether the key would still be taken. @throws when PostgreSQL cannot tell. */
  readonly isStillValid: () => Promise<boolean>;
}

/** What a route wants of its caller. `administrator` is the one key of the environment; `open` needs none. */
export type RouteScope = Scope | 'administrator' | 'open';

declare module 'fastify' {
  interface FastifyRequest {
    /** There from authentication on; not on routes that are `open`. */
    caller: Caller;
  }
  interface FastifyContextConfig {
    /** Each route has one: the server does not start without. */
    scope?: RouteScope;
    /** One more that it wants, beside that one. */
    alsoScope?: Scope;
  }
}
