import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP connection between two processes that a test can cut, as a broken network would. */
export interface Link {
  /** `host:port` to connect to instead of the server itself. */
  address: string;
  /** Nothing gets through any more. The server sees its connections closed; the client sees nothing, old connections and new ones just hang. */
  cut: () => void;
  close: () => Promise<void>;
}

export async function createLink(target: string): Promise<Link> {
  const [host, port] = target.split(':');
  const clients = new Set<Socket>();
  const servers = new Set<Socket>();
  let isCut = false;
  const listener = createServer((client) => {
    const server = connect({ host: host ?? '', port: Number(port) });
    clients.add(client);
    servers.add(server);
    client.on('data', (bytes) => isCut || server.write(bytes));
    server.on('data', (bytes) => isCut || client.write(bytes));
    client.on('close', () => server.destroy());
    server.on('close', () => isCut || client.destroy());
    for (const socket of [client, server]) socket.on('error', () => undefined);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return {
    address: `127.0.0.1:${String((listener.address() as AddressInfo).port)}`,
    cut: () => {
      isCut = true;
      for (const socket of servers) socket.destroy();
    },
    close: async () => {
      for (const socket of [...clients, ...servers]) socket.destroy();
      listener.close();
      await once(listener, 'close');
    },
  };
}
