// A process of its own: a link to PostgreSQL on which everything that is asked takes its time.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { serve } from '../serve.ts';

serve({
  /** @returns the port whose connections lead to `port`, each piece that goes there `delayMs` later. */
  async listen({ port, delayMs }: { port: number; delayMs: number }): Promise<number> {
    const server = createServer((client) => {
      const upstream = connect(port, '127.0.0.1');
      // In their order: a timer of the same length never overtakes an earlier one.
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
