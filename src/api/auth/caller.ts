import type { TenantId } from '../../domain/ids.ts';
import type { Scope } from '../../domain/scope.ts';

/** The tenant and the rights of the key that a request was made with. */
export interface Caller {
  /** The request reads and changes only what belongs to this tenant. */
  readonly tenant: TenantId;
  /** The id of the key, or `admin` for the administrator's key. Logs and histories name it as the author of changes. */
  readonly key: string;
  readonly scopes: readonly Scope[];
  /** True for the administrator's key, which works for all tenants. False for a key of one tenant. */
  readonly isAdministrator: boolean;
  /**
   * Whether the key would still be accepted now. Event streams ask this again and again.
   * @throws when PostgreSQL cannot tell.
   */
  readonly isStillValid: () => Promise<boolean>;
}

/** What a route requires of its caller. `administrator` is the administrator's key, and `open` needs no key. */
export type RouteScope = Scope | 'administrator' | 'open';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by authentication. Missing on routes that are `open`. */
    caller: Caller;
  }
  interface FastifyContextConfig {
    /** Every route must declare its scope, or the server does not start. */
    scope?: RouteScope;
    /** A second scope that the route also requires. */
    alsoScope?: Scope;
  }
}
