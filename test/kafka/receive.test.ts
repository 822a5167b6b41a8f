import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import type { Connection, PackedRecords } from '../../src/kafka/internals.js';
import { processData } from '../../src/kafka/receive.js';
import { returnWhenDone } from '../../src/kafka/response-memory.js';
import { createRandom, type Random } from '../simulator/random.js';
import { fetched } from './member-world.js';

const require = createRequire(import.meta.url);
/** The module isn't patched here: `patchedKafkaJs` isn't called. */
const { prototype: kafkajs } = require('kafkajs/src/network/connection.js') as { prototype: Connection };

interface Received {
  connection: Connection;
  /** Correlation id and payload of each response; of a login its whole bytes. */
  heard: string[];
  destroyedBy: () => string | null;
}

function connectionWithoutPeer(): Received {
  const heard: string[] = [];
  let destroyedBy: string | null = null;
  const connection: Connection = {
    ...{ chunks: [], bytesBuffered: 0, bytesNeeded: 4, authHandlers: null, authExpectResponse: false },
    socket: {
      destroy: ({ message }) => {
        destroyedBy = message;
      },
    },
    requestQueue: {
      fulfillRequest: ({ size, correlationId, payload }) =>
        heard.push(`${String(size)} ${String(correlationId)} ${payload.toString('hex')}`),
    },
    processData,
  };
  return { connection, heard, destroyedBy: () => destroyedBy };
}

function responseOf(correlationId: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt32BE(4 + payload.length, 0);
  head.writeInt32BE(correlationId, 4);
  return Buffer.concat([head, payload]);
}

/** Cuts the bytes at random and receives every piece in the same memory, which is overwritten afterwards. */
function receiveAll(connection: Connection, bytes: Buffer, { integer }: Random): void {
  const memory = Buffer.alloc(64);
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + integer(1, memory.length));
    const length = bytes.copy(memory, 0, at, end);
    connection.processData(memory.subarray(0, length));
    memory.fill(0xee);
    at = end;
  }
}

test('responses are the same as of kafkajs, wherever they are cut', () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = createRandom(seed);
    const { integer } = random;
    const responses = Array.from({ length: integer(1, 6) }, (_, id) =>
      responseOf(id, Buffer.alloc(integer(0, 199), integer(1, 200))),
    );
    const bytes = Buffer.concat(responses);
    const ours = connectionWithoutPeer();
    receiveAll(ours.connection, bytes, random);
    const theirs = connectionWithoutPeer();
    kafkajs.processData.call(theirs.connection, bytes);
    assert.deepEqual(ours.heard, theirs.heard, `seed ${String(seed)}`);
    assert.equal(ours.heard.length, responses.length);
  }
});

test('a response that is received where a longer one was is no longer for it', () => {
  const { connection, heard } = connectionWithoutPeer();
  const payloads = [300_000, 200_000, 70_000].map((length) => Buffer.alloc(length, length % 251));
  const memories = new Set<ArrayBufferLike>();
  connection.requestQueue.fulfillRequest = ({ size, correlationId, payload }) => {
    const expected = payloads[correlationId];
    heard.push(`${String(size)} ${String(expected?.equals(payload))}`);
    memories.add(payload.buffer);
    const batch = { ...fetched(0, 0, 0), messages: [{ memory: payload.buffer } as PackedRecords] };
    returnWhenDone([batch])(batch);
  };
  for (const [id, payload] of payloads.entries()) connection.processData(responseOf(id, payload));
  assert.deepEqual(heard, ['300004 true', '200004 true', '70004 true']);
  assert.equal(memories.size, 1);
});

test('what is left of a broken connection is forgotten by the next one: half a response, and a size that is none', () => {
  const { connection, heard } = connectionWithoutPeer();
  const begun = responseOf(1, Buffer.alloc(1_000)).subarray(0, 300);
  for (const left of [begun, begun.subarray(0, 2), Buffer.alloc(4)]) {
    connection.processData(left);
    connection.socket = { destroy: () => undefined };
    heard.length = 0;
    connection.processData(responseOf(2, Buffer.from('aa', 'hex')));
    assert.deepEqual(heard, ['5 2 aa']);
  }
});

test('what a login waits for comes whole if it is a response, be it an empty one', () => {
  const login = Buffer.from('00000003aabbcc', 'hex');
  for (const bytes of [login, Buffer.alloc(4)]) {
    const { connection, heard } = connectionWithoutPeer();
    connection.authHandlers = {
      onSuccess: (response) => {
        heard.push(response.toString('hex'));
        connection.authHandlers = null;
      },
    };
    connection.authExpectResponse = true;
    connection.processData(bytes.subarray(0, 3));
    assert.deepEqual(heard, []);
    connection.processData(Buffer.concat([bytes.subarray(3), responseOf(5, login)]));
    assert.deepEqual(heard, [bytes.toString('hex'), `11 5 ${login.toString('hex')}`]);
  }
});

test('of other bytes that a login waits for, a copy is handed on', () => {
  const { connection } = connectionWithoutPeer();
  const kept: Buffer[] = [];
  connection.authHandlers = { onSuccess: (bytes) => kept.push(bytes) };
  const memory = Buffer.from('aabbcc', 'hex');
  connection.processData(memory);
  memory.fill(0);
  assert.deepEqual(kept, [Buffer.from('aabbcc', 'hex')]);
});

test('a response of more than 16 MiB gets its room as it comes', () => {
  const { connection, heard } = connectionWithoutPeer();
  const payload = Buffer.alloc(40 * 1024 * 1024, 7);
  const bytes = responseOf(1, payload);
  let largest = 0;
  connection.requestQueue.fulfillRequest = (response) => heard.push(String(response.payload.equals(payload)));
  for (let at = 0; at < bytes.length; at += 1024 * 1024) {
    connection.processData(bytes.subarray(at, at + 1024 * 1024));
    if (at === 0) largest = connection.chunks[0]?.length ?? 0;
  }
  assert.deepEqual(heard, ['true']);
  assert.equal(largest, 16 * 1024 * 1024);
});

test("a peer that doesn't speak Kafka's protocol is hung up on", () => {
  for (const size of [-1, 0, 3]) {
    const { connection, heard, destroyedBy } = connectionWithoutPeer();
    const bytes = Buffer.alloc(64);
    bytes.writeInt32BE(size);
    connection.processData(bytes);
    assert.match(String(destroyedBy()), new RegExp(`a response of ${String(size)} bytes`));
    assert.deepEqual(heard, []);
  }
});
