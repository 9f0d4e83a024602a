import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Somebody's files, at a server of the test's own. */
export interface FileServer {
  /** Of a file, which is there whatever its name. */
  url(name: string): string;
  /** Has this one answered otherwise. */
  answer(name: string, answer: (response: ServerResponse) => void): void;
  /** How often it was asked for. */
  asked(name: string): number;
  stop(): void;
}

export async function serveFiles(bytes: Uint8Array): Promise<FileServer> {
  const answers = new Map<string, (response: ServerResponse) => void>();
  const counts = new Map<string, number>();
  const server = createServer(({ url = '/' }, response) => {
    const name = decodeURIComponent(url.slice(1));
    counts.set(name, (counts.get(name) ?? 0) + 1);
    const answer = answers.get(name);
    if (answer === undefined) response.writeHead(200, { 'content-type': 'image/png' }).end(bytes);
    else answer(response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: (name) => `http://127.0.0.1:${port}/${encodeURIComponent(name)}`,
    answer: (name, answer) => void answers.set(name, answer),
    asked: (name) => counts.get(name) ?? 0,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
