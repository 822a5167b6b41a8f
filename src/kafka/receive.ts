import type { Connection } from './internals.js';
import { takeMemory } from './response-memory.js';

/** The length of what follows, before each response; and the correlation id, its first field. */
const SIZE_BYTES = 4;
const BEFORE_PAYLOAD = 8;

/** Made room for at once: a larger response, or a peer that doesn't speak Kafka, must send so much first. */
const FIRST_ROOM_BYTES = 16 * 1024 * 1024;

/**
 * Replaces kafkajs's `processData`: what is received is copied into a buffer for the whole response at once, and nothing of it is
 * kept, so that a socket can receive into the same memory again (`client.ts`). kafkajs keeps each piece as it came and puts
 * them together at the end, twice the memory outside of JavaScript's heap, which counts for its garbage collector.
 * The fields are kafkajs's own: `chunks` holds the response's memory, `bytesBuffered` is what of it is there, `bytesNeeded` its whole
 * length. kafkajs never resets them, and connects anew with what is left of a response that a broken connection had begun.
 */
export function processData(this: Connection, data: Buffer): void {
  if (this.authHandlers !== null && !this.authExpectResponse) {
    this.authHandlers.onSuccess(Buffer.from(data));
    return;
  }
  forgetOthers(this);
  for (let at = 0; at < data.length;) {
    at += receive(this, data, at);
    if (this.bytesBuffered < this.bytesNeeded) continue;
    if (this.bytesNeeded > SIZE_BYTES) handOn(this);
    else if (!expectResponse(this)) return;
  }
}

const receivedFrom = new WeakMap<Connection, Connection['socket']>();

/** What another socket has left behind. */
function forgetOthers(connection: Connection): void {
  if (receivedFrom.get(connection) === connection.socket) return;
  receivedFrom.set(connection, connection.socket);
  expectSize(connection);
}

function expectSize(connection: Connection): void {
  connection.chunks = [];
  connection.bytesBuffered = 0;
  connection.bytesNeeded = SIZE_BYTES;
}

function receive(connection: Connection, data: Buffer, at: number): number {
  const { bytesBuffered, bytesNeeded } = connection;
  const taken = Math.min(bytesNeeded - bytesBuffered, data.length - at);
  const room = roomFor(connection, bytesBuffered + taken);
  data.copy(room, bytesBuffered, at, at + taken);
  connection.bytesBuffered += taken;
  return taken;
}

function roomFor(connection: Connection, bytes: number): Buffer {
  const [room] = connection.chunks;
  if (room !== undefined && room.length >= bytes) return room;
  const larger = takeMemory(Math.min(connection.bytesNeeded, Math.max(bytes, 2 * (room?.length ?? 0))));
  room?.copy(larger, 0, 0, connection.bytesBuffered);
  connection.chunks = [larger];
  return larger;
}

/** `false`: what comes isn't a response. */
function expectResponse(connection: Connection): boolean {
  const size = connection.chunks[0]?.readInt32BE(0) ?? 0;
  // what a login waits for is a length and bytes, perhaps none
  const least = connection.authHandlers === null ? SIZE_BYTES : 0;
  if (size < least) {
    const reason = `a response of ${String(size)} bytes: the peer doesn't speak Kafka's protocol`;
    connection.socket.destroy(new Error(reason));
    return false;
  }
  connection.bytesNeeded = SIZE_BYTES + size;
  roomFor(connection, Math.min(connection.bytesNeeded, FIRST_ROOM_BYTES));
  if (size === 0) handOn(connection);
  return true;
}

function handOn(connection: Connection): void {
  const response = connection.chunks[0]?.subarray(0, connection.bytesNeeded);
  expectSize(connection);
  if (response === undefined) return;
  if (connection.authHandlers !== null) {
    connection.authHandlers.onSuccess(response);
    return;
  }
  connection.requestQueue.fulfillRequest({
    size: response.length - SIZE_BYTES,
    correlationId: response.readInt32BE(SIZE_BYTES),
    payload: response.subarray(BEFORE_PAYLOAD),
  });
}
