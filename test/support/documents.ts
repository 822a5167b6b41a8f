import assert from 'node:assert/strict';
import { BSON, Long, type Collection } from 'mongodb';

/** Where a record is in the log: what the reserved field must say. */
export interface Place {
  topic: string;
  partition?: number;
  offset: number;
  timestampMs: number;
}

export interface ExpectedDocument {
  id: unknown;
  /** In the order in which they must be stored. */
  fields: readonly (readonly [string, unknown])[];
  place: Place;
}

/** Compares everything in the collection byte for byte; the order of the documents doesn't matter. */
export async function assertDocuments(
  collection: Collection,
  expected: readonly ExpectedDocument[],
): Promise<void> {
  const stored = (await collection.find({}, { raw: true }).toArray()) as unknown as Buffer[];
  assert.deepEqual(readable(stored), readable(expected.map(bytesOf)));
  assert.deepEqual(hex(stored), hex(expected.map(bytesOf)), 'the bytes are the same, not only the values');
}

function bytesOf({ id, fields, place }: ExpectedDocument): Uint8Array {
  const { topic, partition = 0, offset, timestampMs } = place;
  const version = {
    partition: `${topic}-${String(partition)}`,
    offset: Long.fromNumber(offset),
    timestamp: new Date(timestampMs),
  };
  // A Map keeps integer-like names in their place.
  return BSON.serialize(new Map([['_id', id], ...fields, ['_kafka', version]]));
}

function hex(documents: readonly Uint8Array[]): string[] {
  return documents.map((document) => Buffer.from(document).toString('hex')).sort();
}

/** For a failure that people can read. */
function readable(documents: readonly Uint8Array[]): string[] {
  return documents.map((document) => BSON.EJSON.stringify(BSON.deserialize(document))).sort();
}
