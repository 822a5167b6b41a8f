/** `/healthz` and `/readyz` for whoever restarts or waits for the worker. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import { addressError, parseAddress } from './address.js';

/** `null`: fine; otherwise why not, in a few words. */
export type Probe = () => string | null;

export interface Probes {
  /** `/healthz`: this process works; when not, restart it. */
  live: Probe;
  /** `/readyz`: the worker takes work now. */
  ready: Probe;
}

export interface Health {
  /** `host:port` really listened on; `null`: off. */
  address: string | null;
  close: () => Promise<void>;
}

/** Listens on `host:port`; with `null` it does nothing. Throws `CONFIG_INVALID` where it can't listen. */
export async function startHealth(address: string | null, probes: Probes): Promise<Health> {
  if (address === null) return { address: null, close: () => Promise.resolve() };
  const server = createServer((request, response) => {
    // only /healthz and /readyz exist, query or not
    const path = request.url?.split('?')[0];
    if (path === '/healthz') answer(response, probes.live);
    else if (path === '/readyz') answer(response, probes.ready);
    else reply(response, 404, { status: 'not found', paths: ['/healthz', '/readyz'] });
  });
  await listen(server, address);
  return { address: listenedOn(server), close: () => close(server) };
}

function answer(response: ServerResponse, probe: Probe): void {
  const reason = probe();
  if (reason === null) reply(response, 200, { status: 'ok' });
  else reply(response, 503, { status: 'unavailable', reason });
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}

async function listen(server: Server, address: string): Promise<void> {
  const { host, port } = parseAddress(address);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
  } catch (error) {
    throw addressError('worker.health', address, error);
  }
}

function listenedOn(server: Server): string | null {
  const address = server.address();
  if (address === null || typeof address === 'string') return null;
  return address.family === 'IPv6'
    ? `[${address.address}]:${address.port}`
    : `${address.address}:${address.port}`;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    // kept-alive connections of a prober would hold it open
    server.closeAllConnections();
  });
}
