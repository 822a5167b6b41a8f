import { BSON, Long, type Collection } from 'mongodb';
import type { Kafka } from 'kafkajs';
import assert from 'node:assert/strict';
import { readToEnd } from './read-topic.js';

/** A record as an independent reader sees it. */
export interface ReadRecord {
  partition: number;
  offset: bigint;
  timestampMs: number;
  key: string | null;
  value: string | null;
}

/** Reads a topic from the start to its present end. */
export async function readTopic(kafka: Kafka, topic: string): Promise<ReadRecord[]> {
  const records: ReadRecord[] = [];
  await readToEnd(kafka, topic, (partition, messages) => {
    for (const { offset, timestamp, key, value } of messages) {
      records.push({
        partition,
        offset: BigInt(offset),
        timestampMs: Number(timestamp),
        key: key === null ? null : key.toString(),
        value: value === null ? null : value.toString(),
      });
    }
  });
  return records;
}

/**
 * The documents a topic of JSON objects keyed by document id must lead to, by id, as BSON bytes; tombstones without their purgeAt.
 * @param epoch the pipeline's.
 */
export function fold(topic: string, records: readonly ReadRecord[], epoch = 1): Map<string, Buffer> {
  const newest = new Map<string, ReadRecord>();
  for (const record of records) {
    if (record.key === null) continue;
    const known = newest.get(record.key);
    if (known === undefined || known.offset < record.offset) newest.set(record.key, record);
  }
  return new Map(
    [...newest].map(([id, record]) => [id, Buffer.from(BSON.serialize(expected(topic, id, record, epoch)))]),
  );
}

function expected(
  topic: string,
  id: string,
  { partition, offset, timestampMs, value }: ReadRecord,
  epoch: number,
): BSON.Document {
  const version = {
    partition: `${topic}-${String(partition)}`,
    offset: Long.fromBigInt(offset),
    timestamp: new Date(timestampMs),
    ...(epoch > 1 && { epoch }),
  };
  if (value === null) return { _id: id, _kafka: { ...version, deleted: true } };
  return { _id: id, ...(JSON.parse(value) as object), _kafka: version };
}

/** Compares every stored document with the fold, byte for byte. */
export async function assertEqualsFold(
  collection: Collection,
  wanted: ReadonlyMap<string, Buffer>,
): Promise<void> {
  let found = 0;
  for await (const document of collection.find({}, { promoteLongs: false })) {
    found += 1;
    const reserved = document['_kafka'] as { deleted?: boolean; purgeAt?: unknown };
    if (reserved.deleted === true) {
      assert.ok(reserved.purgeAt instanceof Date, 'a tombstone has purgeAt');
      delete reserved.purgeAt;
    }
    const id = String(document._id);
    const bytes = Buffer.from(BSON.serialize(document));
    assert.deepEqual(
      bytes.equals(wanted.get(id) ?? Buffer.alloc(0)),
      true,
      `document ${id} differs from the fold`,
    );
  }
  assert.equal(found, wanted.size, 'as many documents as the fold has ids');
}
