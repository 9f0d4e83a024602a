import type { Client } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import type { Held, ShownAttempt, ShownDelivery } from './audit.ts';
import type { Destination } from './destinations.ts';
import type { Accepted } from './loader.ts';

/** Number of requests to the API that are sent at the same time. */
const width = 12;

/** Reads what the API says of every accepted delivery, with its attempts. */
export async function readDeliveries(api: Client, accepted: readonly Accepted[]): Promise<Map<string, ShownDelivery>> {
  const shown = new Map<string, ShownDelivery>();
  const left = [...new Set(accepted.map(({ id }) => id))];
  const work = async (): Promise<void> => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) {
      const body = await read(api, `/v1/messages/${id}`);
      // The audit reports a message that the API does not know.
      if (body === undefined) continue;
      for (const one of body.deliveries)
        shown.set(one.id, {
          id: one.id,
          message: id,
          destination: one.destination,
          state: one.state,
          late: one.late,
          reason: one.reason === undefined ? undefined : `${one.reason.code}: ${one.reason.message}`,
          attempts: await readAttempts(api, one.id),
        });
    }
  };
  await Promise.all(Array.from({ length: width }, work));
  return shown;
}

async function readAttempts(api: Client, delivery: string): Promise<ShownAttempt[]> {
  const { data } = (await read(api, `/v1/deliveries/${delivery}/attempts?limit=200`)) as { data: ShownAttempt[] };
  return [...data].sort((a, b) => a.number - b.number);
}

/** Reads a path of the API and asks again after a 503, as a good client does. Returns undefined after a 404. */
async function read(api: Client, path: string): Promise<any> {
  return eventually(`GET ${path}`, async () => {
    const { status, body } = await api.call('GET', path);
    if (status === 200) return { body };
    if (status === 404) return { body: undefined };
    if (status !== 503) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
    return undefined;
  }).then(({ body }) => body);
}

/** Reads what the sinks hold, in the order of first arrival. */
export async function readSinks(simulators: string): Promise<Held[]> {
  const read = async (name: string): Promise<any> => (await fetch(`${simulators}/_sim/${name}/accepted`)).json();
  const { accepted } = (await read('webhook')) as {
    accepted: { id: string; path: string; body: string; count: number; sameBody: boolean }[];
  };
  const webhooks = accepted.map(({ id, path, body, count, sameBody }): Held => ({
    destination: path.slice(1) as Destination,
    delivery: id,
    text: String((JSON.parse(body) as { text?: unknown }).text),
    copies: count,
    sameBody,
  }));
  const { channels } = (await read('slack')) as {
    channels: Record<
      string,
      { text: string; deleted?: true; metadata?: { event_payload?: { delivery_id?: string } } }[]
    >;
  };
  const posts = new Map<string, Held>();
  for (const { text, metadata, deleted = false } of Object.values(channels).flat()) {
    const delivery = metadata?.event_payload?.delivery_id ?? `unmarked: ${text}`;
    const known = posts.get(delivery);
    posts.set(
      delivery,
      known === undefined
        ? { destination: 'slack', delivery, text, copies: 1, sameBody: true, deleted }
        : {
            ...known,
            copies: known.copies + 1,
            sameBody: known.sameBody && known.text === text,
            deleted: known.deleted === true && deleted,
          },
    );
  }
  return [...webhooks, ...posts.values()];
}
