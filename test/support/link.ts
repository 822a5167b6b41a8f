import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** How bytes pass: at once, not at all until the state changes, each a while later, or only so many a second. */
export type LinkState = 'open' | 'hang' | { latencyMs: number } | { bytesPerSecond: number };

/** A TCP connection between two processes that a test can cut or spoil, as a broken network would. */
export interface Link {
  /** `host:port` to connect to instead of the server itself. */
  address: string;
  /** For connections that are open and for new ones. */
  set: (state: LinkState) => void;
  /** Nothing gets through any more. The server sees its connections closed; the client sees nothing, old connections and new ones just hang. */
  cut: () => void;
  /** New connections work again after `cut`; those that were cut stay dead, as the client must find out by itself. */
  heal: () => void;
  /** The next bytes in either direction are passed on by half, then both ends of that connection are reset. */
  reset: () => void;
  /** The next request that matches reaches the server; its reply is dropped, and the connection closed. */
  loseReply: (matches: (request: Buffer) => boolean) => void;
  /** How often a connection was reset or a reply lost so far. */
  struck: () => number;
  close: () => Promise<void>;
}

interface Shared {
  state: LinkState;
  isCut: boolean;
  resetNext: boolean;
  losing: ((request: Buffer) => boolean) | null;
  struck: number;
  pairs: Set<Pair>;
}

interface Pair {
  client: Socket;
  server: Socket;
  isDead: boolean;
  dropsReply: boolean;
}

/** @param port to listen on; a free one unless given. */
export async function createLink(target: string, port = 0): Promise<Link> {
  const shared: Shared = {
    state: 'open',
    isCut: false,
    resetNext: false,
    losing: null,
    struck: 0,
    pairs: new Set(),
  };
  const listener = createServer((client) => {
    accept(shared, client, target);
  });
  listener.listen(port, '127.0.0.1');
  await once(listener, 'listening');
  return {
    address: `127.0.0.1:${String((listener.address() as AddressInfo).port)}`,
    set: (state) => {
      shared.state = state;
      for (const { client, server } of shared.pairs)
        for (const socket of [client, server]) pauseOrResume(shared, socket);
    },
    cut: () => {
      shared.isCut = true;
      for (const pair of shared.pairs) kill(pair);
    },
    heal: () => {
      shared.isCut = false;
    },
    reset: () => {
      shared.resetNext = true;
    },
    loseReply: (matches) => {
      shared.losing = matches;
    },
    struck: () => shared.struck,
    close: async () => {
      for (const { client, server } of shared.pairs) for (const socket of [client, server]) socket.destroy();
      listener.close();
      await once(listener, 'close');
    },
  };
}

function kill(pair: Pair): void {
  pair.isDead = true;
  pair.server.destroy();
}

function accept(shared: Shared, client: Socket, target: string): void {
  const [host = '', port] = target.split(':');
  const pair: Pair = {
    client,
    server: connect({ host, port: Number(port) }),
    isDead: false,
    dropsReply: false,
  };
  shared.pairs.add(pair);
  const { server } = pair;
  client.on('data', (bytes: Buffer) => {
    if (shared.losing?.(bytes) === true) {
      shared.losing = null;
      pair.dropsReply = true;
    }
    pass(shared, pair, bytes, client, server);
  });
  server.on('data', (bytes: Buffer) => {
    if (!pair.dropsReply) {
      pass(shared, pair, bytes, server, client);
      return;
    }
    shared.struck += 1;
    client.destroy();
  });
  client.on('close', () => {
    // What the client sent before it went still arrives, as it does in a network.
    server.end();
    shared.pairs.delete(pair);
  });
  server.on('close', () => pair.isDead || client.destroy());
  for (const socket of [client, server]) {
    socket.on('error', () => undefined);
    pauseOrResume(shared, socket);
  }
  if (shared.isCut) kill(pair);
}

function pauseOrResume({ state }: Shared, socket: Socket): void {
  if (state === 'hang') socket.pause();
  else socket.resume();
}

function pass(shared: Shared, pair: Pair, bytes: Buffer, from: Socket, to: Socket): void {
  if (pair.isDead) return;
  const { state } = shared;
  if (shared.resetNext) {
    shared.resetNext = false;
    shared.struck += 1;
    to.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => {
      from.resetAndDestroy();
      to.resetAndDestroy();
    });
  } else if (typeof state === 'string') {
    if (!to.write(bytes)) waitFor(shared, from, to);
  } else if ('latencyMs' in state) {
    setTimeout(() => to.write(bytes), state.latencyMs);
  } else {
    from.pause();
    to.write(bytes);
    setTimeout(() => pauseOrResume(shared, from), (bytes.length * 1_000) / state.bytesPerSecond);
  }
}

/** Memory must not grow while the other end is slow to read. */
function waitFor(shared: Shared, from: Socket, to: Socket): void {
  from.pause();
  to.once('drain', () => pauseOrResume(shared, from));
}
