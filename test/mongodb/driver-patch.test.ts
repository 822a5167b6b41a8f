import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { BSON } from 'mongodb';
import type {
  CommandMessage,
  DriverParts,
  Message,
  ReceivedPieces,
  Response,
} from '../../src/mongodb/driver-parts.js';
import { RAW_BATCH, workInPlace } from '../../src/mongodb/driver-patch.js';
import { recycleReply } from '../../src/mongodb/reply-memory.js';
import { beginSection, rawDocuments, sentAs } from '../../src/mongodb/wire.js';

interface Commands {
  OpMsgRequest: {
    new (database: string, command: object, options: object): Message;
    prototype: CommandMessage;
  };
}

const require = createRequire(import.meta.url);
const { OpMsgRequest } = require('mongodb/lib/cmap/commands.js') as Commands;
const { Connection } = require('mongodb/lib/cmap/connection.js') as Pick<DriverParts, 'Connection'>;
const { MongoDBResponse } = require('mongodb/lib/cmap/wire_protocol/responses.js') as {
  MongoDBResponse: { new (bson: Buffer): Response; prototype: Response };
};
const { BufferPool } = require('mongodb/lib/utils.js') as {
  BufferPool: { new (): ReceivedPieces & { append: (piece: Buffer) => void }; prototype: ReceivedPieces };
};

/** Before anything is patched. */
const originals = {
  extract: OpMsgRequest.prototype.extractDocumentSequences,
  serialize: OpMsgRequest.prototype.serializeBson,
  write: Connection.prototype.writeCommand,
  read: MongoDBResponse.prototype.toObject,
  receive: BufferPool.prototype.read,
};

/** A section `documents` with so many bytes behind its name. */
function sectionOf(bytes: number): Buffer {
  const writer = { out: Buffer.alloc(bytes + 64), to: 0 };
  beginSection(writer, 'documents');
  return writer.out.subarray(0, writer.to + bytes);
}

/** What a connection without a peer sends of a command with such sections. */
async function send(sections: Record<string, Buffer>, agreedCompressor = 'none'): Promise<Uint8Array[]> {
  const fields = Object.entries(sections).map(([name, section]) => [name, rawDocuments(section)] as const);
  const command = { insert: 'orders', ...Object.fromEntries(fields) };
  const sent: Uint8Array[] = [];
  const connection = { socket: { write: (bytes: Uint8Array) => sent.push(bytes) > 0 } };
  const message = new OpMsgRequest('shop', command, { requestId: 7 });
  await Connection.prototype.writeCommand.call(connection as never, message, { agreedCompressor });
  return sent;
}

const isPartOf = (sent: Uint8Array[], section: Buffer) =>
  sent.some(({ buffer, byteOffset }) => buffer === section.buffer && byteOffset === section.byteOffset);

test('the installed driver sends the same message, with a long section from where it is', async () => {
  const long = sectionOf(100_000);
  const before = Buffer.concat(await send({ documents: long }));
  assert.equal(workInPlace(), true, 'the patch is for another version of the driver');
  const sent = await send({ documents: long });
  assert.deepEqual(Buffer.concat(sent), before);
  assert.equal(isPartOf(sent, long), true, 'it was copied');
  assert.equal(sent.length, 2);
});

test('short sections, several of them, and what is compressed go as before', async () => {
  workInPlace();
  const short = sectionOf(1_000);
  assert.equal((await send({ documents: short })).length, 1);
  const [first, second] = [sectionOf(20_000), sectionOf(30_000)];
  const both = Buffer.concat(await send({ documents: first, updates: second }));
  assert.equal(both.includes(Buffer.concat([first, second])), true);
  assert.equal(both.readInt32LE(0), both.length);
  const long = sectionOf(100_000);
  const compressed = Buffer.concat(await send({ documents: long }, 'zlib'));
  assert.equal(compressed.length < 2_000, true);
});

/** The document that the driver sends of a command. */
function sentDocument(command: Record<string, unknown>): Record<string, unknown> {
  const message = new OpMsgRequest('shop', command, { requestId: 7 }) as CommandMessage;
  return BSON.deserialize(message.serializeBson(command));
}

test('a filter is sent as the bytes that were made of it, with all else of its command', () => {
  workInPlace();
  const filter = { _id: { $in: ['o-1'] } };
  const command = { find: 'orders', filter, batchSize: 1, $db: 'shop' };
  assert.deepEqual(sentDocument(command), command);
  sentAs(filter, Buffer.from(BSON.serialize({ _id: 'o-2' })));
  const { filter: sent, ...others } = sentDocument(command);
  assert.deepEqual(sent, { _id: 'o-2' });
  assert.deepEqual(others, { find: 'orders', batchSize: 1, $db: 'shop' });
  assert.equal(
    Object.keys(sentDocument(command))[0],
    'find',
    'a server takes the first field for the action',
  );
  assert.equal(command.filter, filter);
  assert.deepEqual(sentDocument({ find: 'orders', filter: { _id: 'o-1' } }).filter, { _id: 'o-1' });
});

/** What the driver makes of a reply. */
function read(reply: object, fieldsAsRaw: Readonly<Record<string, boolean>>): object {
  return new MongoDBResponse(Buffer.from(BSON.serialize(reply))).toObject({ fieldsAsRaw });
}

const found = {
  cursor: { id: 0n, ns: 'shop.orders', firstBatch: [{ _id: 'o-1', firstBatch: [1] }, { _id: 'o-2' }] },
  ok: 1,
};

test('the documents of a reply stay one stretch of bytes, where they are asked for as raw', () => {
  workInPlace();
  const reply = read(found, RAW_BATCH);
  const { firstBatch } = (reply as { cursor: { firstBatch: Buffer } }).cursor;
  assert.deepEqual(Object.values(BSON.deserialize(firstBatch)), found.cursor.firstBatch);
  const { firstBatch: each } = (read(found, { firstBatch: true }) as { cursor: { firstBatch: Buffer[] } })
    .cursor;
  assert.deepEqual(each.map((document) => BSON.deserialize(document)), found.cursor.firstBatch); // prettier-ignore
});

test('any other reply is read as before', () => {
  workInPlace();
  const others = [
    { ok: 0, code: 91, errmsg: 'shutting down', topologyVersion: { counter: 7 } },
    { n: 2, writeErrors: [{ index: 1, code: 11000 }], ok: 1 },
    { cursor: 'shop.orders', ok: 1 },
    { cursor: { id: 1.5, nextBatch: [{ _id: 'o-1' }] }, ok: 1 },
    { cursor: { firstBatch: 'none' }, ok: 1 },
  ];
  for (const reply of others) assert.deepEqual(read(reply, RAW_BATCH), reply);
});

/** A pool that was sent these bytes in pieces of such a length. */
function received(bytes: Buffer, perPiece: number) {
  const pool = new BufferPool();
  for (let at = 0; at < bytes.length; at += perPiece) pool.append(bytes.subarray(at, at + perPiece));
  return pool;
}

test('a long message is received as it was sent, in whatever pieces, into memory that is used again', () => {
  workInPlace();
  const message = randomBytes(300_000);
  for (const perPiece of [7_001, 65_536, 300_000, 400_000]) {
    const next = randomBytes(200_000);
    const pool = received(Buffer.concat([message, next]), perPiece);
    const read = pool.read(message.length);
    assert.equal(message.equals(read), true, `pieces of ${perPiece}`);
    assert.equal(next.equals(pool.read(next.length)), true, `behind it, pieces of ${perPiece}`);
    assert.equal(pool.totalByteLength, 0);
    recycleReply(Buffer.from(read.buffer));
    assert.equal(received(message, perPiece).read(message.length).buffer, read.buffer);
    assert.notEqual(received(message, perPiece).read(message.length).buffer, read.buffer, 'it is in use');
  }
  assert.equal(
    received(message.subarray(0, 70_000), 70_000).read(80_000).length,
    0,
    'not all of it is there',
  );
  assert.throws(() => received(message, 300_000).read(-1), /non-negative/);
});

test('what nobody will give back takes nothing of it: a message that is compressed, or short', () => {
  workInPlace();
  const spare = received(randomBytes(300_000), 65_536).read(300_000).buffer;
  recycleReply(Buffer.from(spare));
  const compressed = randomBytes(200_000);
  compressed.writeInt32LE(2012, 12);
  assert.deepEqual(received(compressed, 65_536).read(compressed.length), compressed);
  const short = randomBytes(60_000);
  assert.deepEqual(received(short, 7_001).read(short.length), short);
  assert.equal(received(randomBytes(200_000), 65_536).read(200_000).buffer, spare, 'it is still there');
});

test('of a reply whose memory is used again the driver keeps no view', () => {
  workInPlace();
  const signature = { hash: new BSON.Binary(Buffer.from('12345678901234567890')), keyId: 7n };
  const $clusterTime = { clusterTime: new BSON.Timestamp({ t: 7, i: 1 }), signature };
  const bytes = Buffer.from(BSON.serialize({ ...found, $clusterTime }));
  const reply = new MongoDBResponse(bytes);
  const kept = reply.$clusterTime?.signature?.hash;
  reply.toObject({ fieldsAsRaw: RAW_BATCH });
  bytes.fill(0);
  assert.equal(Buffer.from(kept?.buffer ?? []).toString(), '12345678901234567890');
  const unsigned = { ...$clusterTime, signature: null };
  for (const others of [{}, { $clusterTime: unsigned }]) read({ ...found, ...others }, RAW_BATCH);
});

/** The driver as it is installed, unpatched, but for one of the functions that are replaced. */
function driverWith(
  changed: Partial<Record<'extract' | 'serialize' | 'write' | 'read' | 'receive', () => void>>,
): DriverParts {
  const classOf = (methods: Record<string, unknown>) => Object.assign(function () {}, { prototype: methods });
  return {
    OpMsgRequest: classOf({
      extractDocumentSequences: changed.extract ?? originals.extract,
      serializeBson: changed.serialize ?? originals.serialize,
    }),
    DocumentSequence: function () {},
    Connection: classOf({ writeCommand: changed.write ?? originals.write }),
    MongoDBResponse: classOf({ toObject: changed.read ?? originals.read }),
    BufferPool: classOf({ read: changed.receive ?? originals.receive }),
  } as unknown as DriverParts;
}

test('another version of the driver is left as it is, whatever of it is another', () => {
  const other = () => undefined;
  for (const name of ['extract', 'serialize', 'write', 'read', 'receive'] as const) {
    const changed = { [name]: other };
    const driver = driverWith(changed);
    assert.equal(workInPlace(driver), false, name);
    assert.equal(driver.Connection.prototype.writeCommand, name === 'write' ? other : originals.write);
    assert.equal(driver.MongoDBResponse?.prototype.toObject, name === 'read' ? other : originals.read);
    assert.equal(
      driver.OpMsgRequest.prototype.serializeBson,
      name === 'serialize' ? other : originals.serialize,
    );
    assert.equal(driver.BufferPool?.prototype.read, name === 'receive' ? other : originals.receive);
  }
  assert.equal(workInPlace({ ...driverWith({}), MongoDBResponse: undefined }), false);
  assert.equal(workInPlace({ ...driverWith({}), BufferPool: undefined }), false);
  assert.equal(workInPlace(driverWith({})), true);
});
