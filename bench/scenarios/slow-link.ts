// A process of its own: a link to PostgreSQL that delays everything that is sent to the server.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { serve } from '../serve.ts';

serve({
  /**
   * Opens the link.
   * @returns its port. It leads to `port` and delays each piece of data to it by `delayMs`.
   */
  async listen({ port, delayMs }: { port: number; delayMs: number }): Promise<number> {
    const server = createServer((client) => {
      const upstream = connect(port, '127.0.0.1');
      // The pieces keep their order, because a timer never overtakes an earlier timer of the same length.
      client.on('data', (piece) => setTimeout(() => upstream.write(piece), delayMs));
      upstream.pipe(client);
      const end = (): void => {
        client.destroy();
        upstream.destroy();
      };
      for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return (server.address() as AddressInfo).port;
  },
});
