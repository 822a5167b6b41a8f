/** Doors in front of a Temporal server that itself speaks plaintext only, as the dev server does. */
import { once } from 'node:events';
import {
  connect as connectHttp2,
  constants,
  createSecureServer,
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { connect as connectTcp, type AddressInfo, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { createServer } from 'node:tls';
import type { Identity } from './certificates.js';

export interface Door extends AsyncDisposable {
  /** `127.0.0.1:port` */
  address: string;
}

export interface TlsDoorOptions {
  /** `host:port` of the Temporal server. */
  temporal: string;
  /** The certificate it shows. */
  identity: Identity;
  /** The authority, PEM, of the client certificates that it wants; it wants none where this isn't set. */
  clientAuthority?: string;
}

/** A door that takes TLS off and leaves the rest as it is. */
export async function openTlsDoor({ temporal, identity, clientAuthority }: TlsDoorOptions): Promise<Door> {
  const wanted = { ca: clientAuthority, requestCert: true, rejectUnauthorized: true };
  const options = { ...identity, ALPNProtocols: ['h2'], ...(clientAuthority !== undefined && wanted) };
  const server = createServer(options, (socket) => {
    const [host, port] = temporal.split(':');
    const onward = connectTcp(Number(port), host);
    pipeline(socket, onward, ignore);
    pipeline(onward, socket, ignore);
  });
  server.on('tlsClientError', ignore);
  return listening(server);
}

export interface KeyDoorOptions extends Pick<TlsDoorOptions, 'temporal' | 'identity'> {
  /** Calls without it are refused as `UNAUTHENTICATED`. */
  apiKey: string;
  /** Calls that need no key, as `GetSystemInfo` on a real server. */
  isOpen?: (method: string) => boolean;
}

/** A door with TLS that lets in whoever brings the API key with each call. */
export async function openKeyDoor(options: KeyDoorOptions): Promise<Door> {
  const { temporal, identity, apiKey, isOpen = () => false } = options;
  const onward = connectHttp2(`http://${temporal}`);
  onward.on('error', ignore);
  const server = createSecureServer(identity);
  server.on('sessionError', ignore);
  server.on('stream', (stream, headers) => {
    stream.on('error', ignore);
    const method = headers[':path']?.split('/').at(-1) ?? '';
    if (headers['authorization'] === `Bearer ${apiKey}` || isOpen(method)) passOn(stream, headers, onward);
    else refuse(stream);
  });
  const door = await listening(server);
  return {
    ...door,
    [Symbol.asyncDispose]: async () => {
      onward.destroy();
      await door[Symbol.asyncDispose]();
    },
  };
}

function refuse(stream: ServerHttp2Stream): void {
  const status = { 'grpc-status': '16', 'grpc-message': 'Request unauthorized.' };
  stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...status }, { endStream: true });
}

function passOn(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, onward: ClientHttp2Session): void {
  const request = onward.request({ ...headers, ':scheme': 'http', ':authority': 'temporal' });
  let trailers: IncomingHttpHeaders = {};
  request.on('response', (answer, flags) => {
    const endStream = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    if (stream.destroyed) return;
    stream.respond(answer, { endStream, waitForTrailers: !endStream });
    if (!endStream) request.pipe(stream);
  });
  request.on('trailers', (given: IncomingHttpHeaders) => {
    trailers = given;
  });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.on('close', () => request.close(constants.NGHTTP2_CANCEL));
  request.on('error', ignore);
  stream.pipe(request);
}

async function listening(server: Server): Promise<Door> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', ignore).on('close', () => sockets.delete(socket)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${String(port)}`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Whatever goes wrong on one side is seen on the other, which is the one under test. */
function ignore(): void {
  return undefined;
}
