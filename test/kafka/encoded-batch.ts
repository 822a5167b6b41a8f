import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { crc32c } from '@node-rs/crc32';
import { createDecodeBatch } from '../../src/kafka/batch-decoder.js';
import type { DecodedBatch, PackedRecords } from '../../src/kafka/internals.js';
import type { KafkaRecord } from '../../src/kafka/source.js';

/** What `encodeBatch` puts into a batch; everything left out is as a plain producer leaves it. */
export interface BatchContents {
  firstOffset: number;
  /** Which the batch covers; by itself that of its last record. */
  lastOffset?: number;
  firstTimestampMs?: number;
  maxTimestampMs?: number;
  attributes?: number;
  producerId?: number;
  records: readonly RecordContents[];
}

export interface RecordContents {
  offset: number;
  timestampDelta?: number;
  key?: Buffer | null;
  value?: Buffer | null;
  headers?: readonly (readonly [name: string, value: Buffer | null])[];
  /** Instead of `headers`. */
  encodedHeaders?: { count: number; bytes: Buffer };
}

interface Encoder {
  buffer: Buffer;
  writeInt8: (value: number) => Encoder;
  writeVarInt: (value: number) => Encoder;
  writeVarLong: (value: number) => Encoder;
  writeVarIntBytes: (value: Buffer | null) => Encoder;
  writeVarIntString: (value: string) => Encoder;
}

const KafkaEncoder = createRequire(import.meta.url)('kafkajs/src/protocol/encoder') as new () => Encoder;

/** A batch of records as a broker sends it (magic 2), its records written by kafkajs's encoder. */
export function encodeBatch(contents: BatchContents, compress = (plain: Buffer) => plain): Buffer {
  const { firstOffset, records, attributes = 0, firstTimestampMs = 0, maxTimestampMs = 0 } = contents;
  const { lastOffset = records.at(-1)?.offset ?? firstOffset, producerId = -1 } = contents;
  const header = Buffer.alloc(61);
  const body = compress(Buffer.concat(records.map((record) => encodeRecord(record, firstOffset))));
  header.writeBigInt64BE(BigInt(firstOffset), 0);
  header.writeInt32BE(header.length - 12 + body.length, 8);
  header.writeInt8(2, 16);
  header.writeInt16BE(attributes, 21);
  header.writeInt32BE(lastOffset - firstOffset, 23);
  header.writeBigInt64BE(BigInt(firstTimestampMs), 27);
  header.writeBigInt64BE(BigInt(maxTimestampMs), 35);
  header.writeBigInt64BE(BigInt(producerId), 43);
  header.writeInt32BE(records.length, 57);
  return withChecksum(Buffer.concat([header, body]));
}

/** The batch with the checksum of its bytes. */
export function withChecksum(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
}

function encodeRecord(record: RecordContents, firstOffset: number): Buffer {
  const { offset, timestampDelta = 0, key = null, value = null, headers = [] } = record;
  const bytes = new KafkaEncoder().writeInt8(0).writeVarLong(timestampDelta);
  bytes
    .writeVarInt(offset - firstOffset)
    .writeVarIntBytes(key)
    .writeVarIntBytes(value);
  bytes.writeVarInt(record.encodedHeaders?.count ?? headers.length);
  for (const [name, content] of headers) bytes.writeVarIntString(name).writeVarIntBytes(content);
  const content = Buffer.concat([bytes.buffer, record.encodedHeaders?.bytes ?? Buffer.alloc(0)]);
  return Buffer.concat([new KafkaEncoder().writeVarInt(content.length).buffer, content]);
}

/** A record of `t-0` as it comes out of the decoder. */
export function decoded(offset: number, overrides: Partial<KafkaRecord> = {}): KafkaRecord {
  return {
    ...{ topic: 't', partition: 0, offset: BigInt(offset), timestampMs: 0 },
    ...{ key: null, value: null, headers: [] },
    ...overrides,
  };
}

/** Not compressed. Error: `AssertionError` where it is cut off. */
export async function decodeBatch(contents: BatchContents): Promise<DecodedBatch> {
  const batch = await createDecodeBatch(() => null)(encodeBatch(contents), 0, (plain) => plain);
  assert.ok(batch !== null);
  return batch;
}

/** As read by a handler of `t-0`, as plain objects, which `decoded` makes, too. */
export function readAll(packed: PackedRecords, from = 0n): KafkaRecord[] {
  const records: KafkaRecord[] = [];
  packed.read({ topic: 't', partition: 0 }, from, records);
  return records.map(({ topic, partition, offset, timestampMs, key, value, headers }) => ({
    ...{ topic, partition, offset, timestampMs, key, value, headers },
  }));
}
