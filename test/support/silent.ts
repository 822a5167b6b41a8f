import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

/** A port that takes every connection and never says a word, as what hangs, or a firewall that answers for others. */
export interface SilentPort extends AsyncDisposable {
  /** `127.0.0.1:port` */
  address: string;
}

export async function openSilentPort(): Promise<SilentPort> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
