import assert from 'node:assert/strict';
import { BSON } from 'mongodb';

/** The field's name and the documents of a section of MongoDB's wire protocol (kind 1). */
export function readSection(section: Uint8Array): { field: string; documents: BSON.Document[] } {
  const bytes = Buffer.from(section);
  assert.deepEqual([bytes[0], bytes.readInt32LE(1)], [1, bytes.length - 1]);
  const nameEnd = bytes.indexOf(0, 5);
  const documents: BSON.Document[] = [];
  for (let at = nameEnd + 1; at < bytes.length; at += bytes.readInt32LE(at))
    documents.push(BSON.deserialize(bytes.subarray(at, at + bytes.readInt32LE(at)), { promoteLongs: false }));
  return { field: bytes.toString('utf8', 5, nameEnd), documents };
}
