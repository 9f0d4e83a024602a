import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that plays another company's file server. It has a file of every name. */
export interface FileServer {
  /** Address of a file. */
  url(name: string): string;
  /** Sets another answer for a file. */
  answer(name: string, answer: (response: ServerResponse) => void): void;
  /** Returns how many times a file was requested. */
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
