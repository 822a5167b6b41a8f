import { BSON, Long, type Document } from 'mongodb';
import type { RunBooks } from './books.js';
import { byId } from './documents.js';
import type { Expectation } from './fold.js';
import type { LogRecord } from './log.js';
import type { Facts } from './oracle.js';

export const TOPIC = 'orders';
const GROUP = 'drain-orders';
export const CANARY = 'canary';

/** A record of partition 0 unless told otherwise, at the given offset. */
export function record(
  offset: number,
  overrides: Partial<LogRecord> & { expect?: Expectation } = {},
): LogRecord {
  const { expect, ...rest } = overrides;
  return {
    topic: TOPIC,
    partition: 0,
    offset: BigInt(offset),
    timestampMs: 1_000 + offset,
    key: `o-${String(offset)}`,
    value: JSON.stringify({ version: offset, text: CANARY }),
    headers: expect === undefined ? [] : [{ name: 'expect', value: expect }],
    epoch: 1,
    ...rest,
  };
}

/** What the product would store for a record, written out by hand. */
export function document({ offset, partition, timestampMs, key, value }: LogRecord): Document {
  const version = {
    partition: `${TOPIC}-${String(partition)}`,
    offset: Long.fromBigInt(offset),
    timestamp: new Date(timestampMs),
  };
  if (value !== null) return { _id: key, ...(JSON.parse(value) as object), _kafka: version };
  return { _id: key, _kafka: { ...version, deleted: true, purgeAt: new Date(9_000) } };
}

export function letter({ offset, partition, timestampMs, key, value, headers }: LogRecord): Document {
  const bytes = (text: string | null) =>
    text === null ? null : new BSON.Binary(Buffer.from(text, 'latin1'));
  return {
    _id: `${GROUP}|${TOPIC}-${String(partition)}@1|${String(offset)}`,
    topic: TOPIC,
    partition,
    offset,
    timestamp: new Date(timestampMs),
    epoch: 1,
    code: 'NOT_JSON',
    reason: 'the value is not valid JSON',
    key: bytes(key),
    value: bytes(value),
    headers: headers.map((header) => ({ name: header.name, value: bytes(header.value) })),
  };
}

export function bytesOf(documents: readonly Document[]): Map<string, Uint8Array> {
  return byId(documents.map((each) => BSON.serialize(each)));
}

export function books(overrides: Partial<RunBooks> = {}): RunBooks {
  return {
    run: 'r-1',
    stopReason: 'drained',
    lagAfter: 0,
    records: {
      read: 6,
      inserted: 3,
      updated: 0,
      deleted: 1,
      unchanged: 0,
      coalesced: 1,
      skipped: 0,
      deadLettered: 1,
    },
    lost: [],
    partitions: [{ partition: 0, start: '0', end: '6', committed: '6', read: 6 }],
    ...overrides,
  };
}

/** Six records that were drained rightly: a new id, an update, a deletion, a bad record. `change` plants a mistake. */
export function facts(change: Partial<Facts> = {}): Facts {
  const log = [
    record(0),
    record(1),
    record(2, { key: 'o-1' }),
    record(3, { key: 'o-0', value: null }),
    record(4, { value: 'broken', expect: 'dead-letter' }),
    record(5),
  ];
  const [, , update, tombstone, bad, last] = log as [
    LogRecord,
    LogRecord,
    LogRecord,
    LogRecord,
    LogRecord,
    LogRecord,
  ];
  return {
    rule: { group: GROUP, documentId: 'key' },
    log,
    stored: bytesOf([update, tombstone, last].map(document)),
    deadLetters: [letter(bad)],
    committed: new Map([[0, 6n]]),
    ends: new Map([[0, 6n]]),
    runs: [books()],
    allSucceeded: true,
    exact: true,
    canary: CANARY,
    texts: new Map([['log of worker 1', 'all is well']]),
    ...change,
  };
}
