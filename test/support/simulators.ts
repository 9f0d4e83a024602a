import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createEgress } from '../../src/connectors/http/egress.ts';
import { createHttp, type HttpClient } from '../../src/connectors/http/client.ts';
import type { FaultSpec } from '../../src/simulators/kit/faults.ts';
import type { RecordedRequest } from '../../src/simulators/kit/requests.ts';
import { startSimulators } from '../../src/simulators/index.ts';
import { testFolder } from './test-folder.ts';

/** Simulators on a port of their own, with an HTTP client that may reach them. */
export interface SimulatorBench {
  readonly url: string;
  readonly dir: string;
  readonly http: HttpClient;
  /** Scripts faults at one simulator. Fields that are not given have their defaults. */
  fault(connector: string, spec: Partial<FaultSpec> | readonly Partial<FaultSpec>[]): Promise<void>;
  clearFaults(connector: string): Promise<void>;
  requests(connector: string): Promise<RecordedRequest[]>;
  accepted<T>(connector: string): Promise<T>;
  control(connector: string, name: string, body: unknown): Promise<Response>;
  stop(): Promise<void>;
}

export const loopback = ['127.0.0.0/8', '::1'];

export async function startSimulatorBench(connectors?: readonly string[]): Promise<SimulatorBench> {
  const dir = await mkdtemp(join(testFolder(), 'carillon-simulators-'));
  const server = await startSimulators({ port: 0, dir, ...(connectors === undefined ? {} : { connectors }) });
  const http = createHttp({ egress: createEgress(loopback) });
  const get = async <T>(path: string): Promise<T> => (await fetch(`${server.url}/_sim/${path}`)).json() as Promise<T>;
  const post = (path: string, body: unknown): Promise<Response> =>
    fetch(`${server.url}/_sim/${path}`, { method: 'POST', body: JSON.stringify(body) });
  return {
    url: server.url,
    dir,
    http,
    async fault(connector, spec) {
      const response = await post(`${connector}/faults`, spec);
      if (response.status !== 201) throw new Error(`fault refused: ${await response.text()}`);
    },
    async clearFaults(connector) {
      await fetch(`${server.url}/_sim/${connector}/faults`, { method: 'DELETE' });
    },
    requests: async (connector) => (await get<{ requests: RecordedRequest[] }>(`${connector}/requests`)).requests,
    accepted: (connector) => get(`${connector}/accepted`),
    control: (connector, name, body) => post(`${connector}/${name}`, body),
    async stop() {
      await http.close();
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
