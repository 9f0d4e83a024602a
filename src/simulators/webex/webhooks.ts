import type { Decision, SimulatedRequest } from '../kit/simulator.ts';
import type { Registered, Webhook } from './events.ts';
import { agreed, idOf, refused, type WebexEvent } from './messages.ts';
import { botId } from './people.ts';

/** A change of a webhook as the journal holds it. Null means that the webhook was deleted. */
export interface WebhookEvent {
  readonly kind: 'webhook';
  readonly id: string;
  readonly webhook: Omit<Registered, 'failures'> | null;
}

type Json = Readonly<Record<string, unknown>>;
const text = (json: Json, key: string): string | undefined => {
  const value = json[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
};
const defaultMax = 100;

/** The registered webhooks and their API (developer.webex.com, Webhooks API). */
export interface Registry {
  all(): readonly Registered[];
  /**
   * Answers `POST` and `GET /webhooks`, and `GET`, `PUT` and `DELETE /webhooks/{id}`. An account sees and changes only
   * the webhooks that it created.
   */
  handle(
    request: SimulatedRequest,
    body: Json | undefined,
    id: string | undefined,
    by: string,
  ): Decision<WebexEvent | WebhookEvent>;
  commit(event: WebhookEvent): void;
  /** Replaces all webhooks, whichever account created them. */
  replace(given: readonly Webhook[]): void;
  /** Switches all webhooks off, as Webex does after a hundred failures, and returns how many there are. */
  switchOff(): number;
}

export function createRegistry(newId: () => string): Registry {
  let webhooks: Registered[] = [];

  function list(request: SimulatedRequest, by: string): Decision<WebexEvent | WebhookEvent> {
    const own = webhooks.filter(({ createdBy }) => createdBy === by);
    const max = Number(request.query.get('max') ?? defaultMax);
    const from = Number(request.query.get('after') ?? 0);
    const next = `<https://webexapis.com/v1/webhooks?max=${max}&after=${from + max}>; rel="next"`;
    const answer = agreed({ items: own.slice(from, from + max).map(shown) });
    if (own.length <= from + max) return answer;
    return { answer: { ...answer.answer, headers: { link: next } } };
  }

  function create(body: Json, by: string, now: Date): Decision<WebexEvent | WebhookEvent> {
    const [name, url] = [text(body, 'name'), text(body, 'targetUrl')];
    const [resource, event] = [text(body, 'resource'), text(body, 'event')];
    if (name === undefined || url === undefined || !URL.canParse(url) || resource !== 'messages' || event === undefined)
      return refused(400, 'POST failed: HTTP/1.1 400 Bad Request (name, targetUrl, resource and event are required)');
    const id = newId();
    const [secret, filter] = [text(body, 'secret') ?? '', text(body, 'filter')];
    const registered = { id, name, url, event, secret, createdBy: by, created: now.toISOString() };
    const webhook = {
      ...registered,
      by: by === botId ? ('bot' as const) : ('account' as const),
      ...(filter === undefined ? {} : { filter }),
      status: 'active' as const,
    };
    return { event: { kind: 'webhook', id, webhook }, ...agreed(shown({ ...webhook, failures: [] })) };
  }

  /** Updates a webhook. The body must give its name and address, and may give its secret and status. */
  function update(body: Json, found: Registered): Decision<WebexEvent | WebhookEvent> {
    const [name, url, status] = [text(body, 'name'), text(body, 'targetUrl'), text(body, 'status') ?? 'active'];
    if (name === undefined || url === undefined || (status !== 'active' && status !== 'inactive'))
      return refused(400, 'name and targetUrl are required, and a status is active or inactive.');
    const { failures: _failures, enabledAt: _before, ...rest } = found;
    const isEnabled = found.status === 'inactive' && status === 'active';
    const secret = text(body, 'secret') ?? found.secret;
    const webhook = { ...rest, name, url, secret, status, ...(isEnabled ? { enabledAt: Date.now() } : {}) } as const;
    return { event: { kind: 'webhook', id: found.id, webhook }, ...agreed(shown({ ...webhook, failures: [] })) };
  }

  return {
    all: () => webhooks,
    handle(request, body, id, by) {
      const { method } = request;
      if (id === undefined && method === 'GET') return list(request, by);
      if (method === 'POST' || method === 'PUT')
        if (body === undefined) return refused(400, 'The request body is not JSON.');
      if (id === undefined)
        return method === 'POST' ? create(body ?? {}, by, request.now) : refused(405, 'The method is not supported.');
      const found = webhooks.find((one) => one.id === id && one.createdBy === by);
      if (found === undefined) return refused(404, 'The requested resource could not be found.');
      if (method === 'GET') return agreed(shown(found));
      if (method === 'PUT') return update(body ?? {}, found);
      if (method === 'DELETE') return { event: { kind: 'webhook', id, webhook: null }, answer: { status: 204 } };
      return refused(405, 'The request method is not supported.');
    },
    commit({ id, webhook }) {
      webhooks = webhooks.filter((one) => one.id !== id);
      if (webhook !== null) webhooks.push({ ...webhook, failures: [] });
    },
    replace(given) {
      const own = { id: idOf('WEBHOOK', 'carillon'), name: 'Carillon', event: 'all', createdBy: botId };
      const created = '2026-01-01T00:00:00.000Z';
      webhooks = given.map((one) => ({ ...own, created, ...one, failures: [], status: 'active' }));
    },
    switchOff() {
      for (const one of webhooks) one.status = 'inactive';
      return webhooks.length;
    },
  };
}

function shown({ id, name, url, event, filter, secret, createdBy, created, status }: Registered): Json {
  return {
    id,
    name,
    targetUrl: url,
    resource: 'messages',
    event,
    ...(filter === undefined ? {} : { filter }),
    ...(secret === '' ? {} : { secret }),
    orgId: 'sim',
    createdBy,
    appId: 'sim',
    ownedBy: 'creator',
    status,
    created,
  };
}
