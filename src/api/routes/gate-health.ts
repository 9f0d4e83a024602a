import { connectionGate, destinationGate } from '../../domain/gate.ts';
import type { TenantId } from '../../domain/ids.ts';
import { findConnection } from '../../store/config/connections.ts';
import { findDestination } from '../../store/config/destinations.ts';
import { findGateHealth, pausedByHand, pauseGate, resumeGate, type GateHealth } from '../../store/waiting/pause.ts';
import { pathId } from '../http/config-id.ts';
import type { ApiDeps } from '../deps.ts';
import { notFound } from '../errors.ts';
import type { Api } from '../route.ts';
import { bodyErrors, errorAnswers } from '../schemas/problem.ts';
import { pauseBody, gateHealthSchema } from '../schemas/gate-health.ts';

/** Routes that show the health of a destination or connection, and pause or resume it. */
export function gateHealthRoutes(app: Api, { sql, poke }: ApiDeps): void {
  const kinds = [
    { kind: 'destination', path: 'destinations', scopeOf: destinationGate, find: findDestination },
    { kind: 'connection', path: 'connections', scopeOf: connectionGate, find: findConnection },
  ] as const;

  for (const { kind, path, scopeOf, find } of kinds) {
    const known = async (tenant: TenantId, params: unknown): Promise<string> => {
      const id = pathId(params, kind);
      if ((await find(sql, tenant, id)) === undefined) throw notFound(kind);
      return id;
    };
    const show = async (tenant: TenantId, id: string) => {
      const [health] = await findGateHealth(sql, tenant, [scopeOf(id)]);
      return showHealth(id, health);
    };
    const title = kind === 'destination' ? 'Destination' : 'Connection';

    app.route({
      method: 'GET',
      url: `/v1/${path}/:id/health`,
      schema: {
        operationId: `get${title}GateHealth`,
        tags: [path],
        summary: `Show the health of a ${kind} and how many deliveries wait for it`,
        response: { 200: gateHealthSchema, ...errorAnswers('not_found') },
      },
      config: { scope: 'messages:read' },
      handler: async ({ params, caller: { tenant } }) => show(tenant, await known(tenant, params)),
    });

    app.route({
      method: 'POST',
      url: `/v1/${path}/:id/pause`,
      schema: {
        operationId: `pause${title}`,
        tags: [path],
        summary: `Pause a ${kind}: until it is resumed, its deliveries wait and their deadlines stop`,
        body: pauseBody,
        response: { 200: gateHealthSchema, ...errorAnswers('not_found', ...bodyErrors) },
      },
      config: { scope: 'deliveries:operate' },
      handler: async ({ params, body, caller: { tenant } }) => {
        const id = await known(tenant, params);
        const message = body?.reason ?? 'Paused by request.';
        await pauseGate(sql, tenant, scopeOf(id), { code: pausedByHand, message });
        return show(tenant, id);
      },
    });

    app.route({
      method: 'POST',
      url: `/v1/${path}/:id/resume`,
      schema: {
        operationId: `resume${title}`,
        tags: [path],
        summary: `Resume a ${kind}: its waiting deliveries go out in order and within its rate`,
        body: pauseBody,
        response: { 200: gateHealthSchema, ...errorAnswers('not_found', ...bodyErrors) },
      },
      config: { scope: 'deliveries:operate' },
      handler: async ({ params, caller: { tenant } }) => {
        const id = await known(tenant, params);
        if (await resumeGate(sql, tenant, scopeOf(id), false)) poke();
        return show(tenant, id);
      },
    });
  }
}

function showHealth(id: string, health: GateHealth | undefined) {
  const state = health?.pausedAt ? 'paused' : (health?.breaker ?? 'closed') === 'closed' ? 'healthy' : 'unhealthy';
  const reason = state === 'paused' ? health?.pauseReason : state === 'unhealthy' ? health?.reason : null;
  const since = state === 'paused' ? health?.pausedAt : state === 'unhealthy' ? health?.openedAt : null;
  return {
    id,
    state,
    ...(reason ? { reason } : {}),
    since: since?.toISOString() ?? null,
    failures: health?.failures ?? 0,
    nextProbeAt: state === 'unhealthy' ? (health?.probeAt?.toISOString() ?? null) : null,
    heldUntil: health?.heldUntil?.toISOString() ?? null,
    waiting: health?.waiting ?? 0,
  } as const;
}
