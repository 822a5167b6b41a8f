import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A relay in front of a server that can lose replies: the command is executed, but nobody hears of it. */
export interface ReplyCutter extends AsyncDisposable {
  uri: string;
  /** The next request that contains the text reaches the server; its reply is dropped, with the connection or without. */
  cutNextReplyTo: (text: string, how: 'close' | 'hang') => void;
  /** How many replies were lost. */
  cuts: () => number;
}

export async function startReplyCutter(port: number): Promise<ReplyCutter> {
  let armed: { text: string; how: 'close' | 'hang' } | null = null;
  let cuts = 0;
  const sockets = new Set<Socket>();
  const relay = createServer((client) => {
    const server = connect(port, '127.0.0.1');
    let cutting: 'close' | 'hang' | null = null;
    client.on('data', (bytes) => {
      if (armed !== null && bytes.includes(armed.text)) {
        cutting = armed.how;
        armed = null;
      }
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (cutting === null) return void client.write(bytes);
      cuts += 1;
      if (cutting === 'close') client.destroy();
      return undefined;
    });
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        server.destroy();
      });
    }
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const address = relay.address() as AddressInfo;
  return {
    uri: `mongodb://127.0.0.1:${address.port}/?directConnection=true`,
    cutNextReplyTo: (text, how) => (armed = { text, how }),
    cuts: () => cuts,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      relay.close();
      await once(relay, 'close');
    },
  };
}
