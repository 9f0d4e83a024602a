import { eventually } from '../support/eventually.ts';

/** What a proxy does to its connections (github.com/Shopify/toxiproxy, "Toxics"). */
export type Toxic =
  | { readonly type: 'latency'; readonly attributes: { readonly latency: number; readonly jitter: number } }
  /** Swallows all data. The connections are closed when the toxic is removed. */
  | { readonly type: 'timeout'; readonly attributes: { readonly timeout: 0 } }
  /** Answers the next byte with a TCP reset. */
  | { readonly type: 'reset_peer'; readonly attributes: { readonly timeout: 0 } };

/** The part of Toxiproxy's HTTP API that the rig uses. */
export interface Toxiproxy {
  /** Resolves when the server answers. */
  ready(): Promise<void>;
  /** Makes a proxy that listens at `port` of this machine and forwards to `upstream`. */
  create(name: string, port: number, upstream: string): Promise<void>;
  /** Disables a proxy, which closes its connections and refuses new ones, or enables it again. */
  enable(name: string, enabled: boolean): Promise<void>;
  /** Adds a toxic in both directions. */
  add(name: string, toxic: Toxic): Promise<void>;
  /** Removes all toxics and enables all proxies. */
  reset(): Promise<void>;
  /** Removes what `add` added. */
  remove(name: string): Promise<void>;
}

const streams = ['upstream', 'downstream'] as const;

export function connectToxiproxy(port: number): Toxiproxy {
  const call = async (method: string, path: string, body?: object): Promise<Response> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`Toxiproxy, ${method} ${path}: ${response.status} ${text}`);
    return response;
  };
  return {
    async ready() {
      await eventually('Toxiproxy answers', () =>
        call('GET', '/version').then(
          () => true,
          () => false,
        ),
      );
    },
    async create(name, listen, upstream) {
      await call('POST', '/proxies', { name, listen: `127.0.0.1:${listen}`, upstream, enabled: true });
    },
    async enable(name, enabled) {
      await call('POST', `/proxies/${name}`, { enabled });
    },
    async add(name, toxic) {
      for (const stream of streams)
        await call('POST', `/proxies/${name}/toxics`, { ...toxic, name: stream, stream, toxicity: 1 });
    },
    async reset() {
      await call('POST', '/reset');
    },
    async remove(name) {
      for (const stream of streams) await call('DELETE', `/proxies/${name}/toxics/${stream}`);
    },
  };
}
