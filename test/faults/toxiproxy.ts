import { eventually } from '../support/eventually.ts';

/** What a proxy does to connections that go through it (github.com/Shopify/toxiproxy, "Toxics"). */
export type Toxic =
  | { readonly type: 'latency'; readonly attributes: { readonly latency: number; readonly jitter: number } }
  /** Swallows everything; the connections are closed when it is taken away. */
  | { readonly type: 'timeout'; readonly attributes: { readonly timeout: 0 } }
  /** Answers the next byte with a TCP reset. */
  | { readonly type: 'reset_peer'; readonly attributes: { readonly timeout: 0 } };

/** Toxiproxy's HTTP API, as far as the rig uses it. */
export interface Toxiproxy {
  /** Resolves when the server answers. */
  ready(): Promise<void>;
  /** Listens at `port` of this machine and passes on to `upstream`. */
  create(name: string, port: number, upstream: string): Promise<void>;
  /** Closes every connection of the proxy and refuses new ones, or takes them again. */
  enable(name: string, enabled: boolean): Promise<void>;
  /** In both directions. */
  add(name: string, toxic: Toxic): Promise<void>;
  /** Takes all toxics away and enables all proxies. */
  reset(): Promise<void>;
  /** Takes away what `add` gave. */
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
