import { BSON } from 'mongodb';
import {
  compareVersions,
  expectedBytes,
  foldLog,
  versionOf,
  type PipelineRule,
  type Version,
} from './fold.js';
import { coordinatesOf, type LogRecord } from './log.js';
import { violation, type Violation } from './violation.js';

/** The stored documents' bytes by their document id. */
export type StoredDocuments = ReadonlyMap<string, Uint8Array>;

/** Ids that aren't texts, which no record of a harness leads to, are named by their JSON. */
export function byId(documents: Iterable<Uint8Array>): Map<string, Uint8Array> {
  const stored = new Map<string, Uint8Array>();
  for (const bytes of documents) stored.set(storedId(bytes), bytes);
  return stored;
}

const STRING_ID = Buffer.from('\u0002_id\u0000');

/** Looked up in the bytes, since decoding all documents only for their ids would take longer than the comparison. */
function storedId(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const from = 4 + STRING_ID.length;
  if (!buffer.subarray(4, from).equals(STRING_ID))
    return BSON.EJSON.stringify(BSON.deserialize(bytes)['_id']);
  return buffer.toString('utf8', from + 4, from + 4 + buffer.readInt32LE(from) - 1);
}

/** I1, I2 and I3 at the end: the collection equals the fold of the log, byte for byte, in both directions. */
export function documentViolation(
  rule: PipelineRule,
  log: Iterable<LogRecord>,
  stored: StoredDocuments,
): Violation | null {
  const wanted = foldLog(rule, log);
  for (const [id, record] of inLogOrder(wanted)) {
    const broken = compare(id, record, stored.get(id));
    if (broken !== null) return broken;
  }
  const extra = [...stored].find(([id]) => !wanted.has(id));
  if (extra === undefined) return null;
  return violation('I2', `document ${extra[0]} is stored but no record leads to it: ${shown(extra[1])}`);
}

/**
 * I4 at any moment: what the group has committed is durable. `log`: the records before the committed offsets; `stored`: read
 * with majority later than the offsets, at least `_id` and `_kafka` of each document. Newer versions are fine.
 */
export function reflectionViolation(
  rule: PipelineRule,
  log: Iterable<LogRecord>,
  stored: StoredDocuments,
): Violation | null {
  for (const [id, record] of inLogOrder(foldLog(rule, log))) {
    const bytes = stored.get(id);
    const version = bytes === undefined ? null : storedVersion(bytes);
    if (version !== null && compareVersions(version, versionOf(record)) >= 0) continue;
    const found = version === null ? 'is not stored' : `is stored at ${versionText(version)}`;
    return violation('I4', `${coordinatesOf(record)} is committed, but its document ${id} ${found}`);
  }
  return null;
}

function inLogOrder(fold: ReadonlyMap<string, LogRecord>): [string, LogRecord][] {
  return [...fold].sort(
    ([, a], [, b]) => a.epoch - b.epoch || a.partition - b.partition || Number(a.offset - b.offset),
  );
}

function compare(id: string, record: LogRecord, bytes: Uint8Array | undefined): Violation | null {
  const place = coordinatesOf(record);
  if (bytes === undefined) return violation('I1', `${place} is lost: its document ${id} is not stored`);
  const wanted = expectedBytes(id, record);
  if (record.value !== null && Buffer.compare(wanted, bytes) === 0) return null;
  const version = storedVersion(bytes);
  if (version === null) return violation('I2', `document ${id} of ${place} has no version: ${shown(bytes)}`);
  const order = compareVersions(version, versionOf(record));
  if (order > 0)
    return violation('I2', `document ${id} is at ${versionText(version)}, but its newest record is ${place}`);
  if (order < 0) return stale(id, record, bytes, versionText(version));
  if (record.value === null && isTombstone(bytes)) return compareTombstone(id, place, wanted, bytes);
  return altered(id, place, wanted, bytes);
}

function stale(id: string, record: LogRecord, bytes: Uint8Array, at: string): Violation {
  const place = coordinatesOf(record);
  return record.value === null && !isTombstone(bytes)
    ? violation('I3', `${place} deleted document ${id}, which is there at ${at}`)
    : violation('I1', `${place} is lost: its document ${id} is stored at ${at}`);
}

function altered(id: string, place: string, wanted: Uint8Array, bytes: Uint8Array): Violation {
  return violation(
    'I2',
    `document ${id} is not what ${place} says: ${shown(bytes)} instead of ${shown(wanted)}`,
  );
}

function compareTombstone(
  id: string,
  place: string,
  wanted: Uint8Array,
  bytes: Uint8Array,
): Violation | null {
  const document = BSON.deserialize(bytes, { promoteLongs: false });
  const reserved = document['_kafka'] as BSON.Document;
  if (!(reserved['purgeAt'] instanceof Date))
    return violation('I2', `the tombstone ${id} of ${place} has no purgeAt`);
  delete reserved['purgeAt'];
  const rest = BSON.serialize(document);
  return Buffer.compare(wanted, rest) === 0 ? null : altered(id, place, wanted, rest);
}

function isTombstone(bytes: Uint8Array): boolean {
  return (BSON.deserialize(bytes)['_kafka'] as BSON.Document)['deleted'] === true;
}

/** The version that a stored document carries; `null`: none. */
export function storedVersion(bytes: Uint8Array): Version | null {
  return versionIn(BSON.deserialize(bytes, { promoteLongs: false })['_kafka']);
}

/** The version in a reserved field decoded without promoting 64-bit integers; `null`: it isn't one. */
export function versionIn(reserved: unknown): Version | null {
  if (typeof reserved !== 'object' || reserved === null) return null;
  const { partition, offset, timestamp, epoch } = reserved as Record<string, unknown>;
  if (typeof partition !== 'string' || !BSON.Long.isLong(offset)) return null;
  return {
    partition,
    offset: offset.toBigInt(),
    timestampMs: timestamp instanceof Date ? timestamp.getTime() : -1,
    epoch: Number(epoch ?? 1),
  };
}

function versionText({ partition, offset, epoch }: Version): string {
  return `${partition} offset ${String(offset)}${epoch > 1 ? ` (epoch ${String(epoch)})` : ''}`;
}

const MOST_CHARACTERS = 300;

function shown(bytes: Uint8Array): string {
  return BSON.EJSON.stringify(BSON.deserialize(bytes)).slice(0, MOST_CHARACTERS);
}
