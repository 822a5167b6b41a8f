import type { RunResult } from '../../src/contract.js';
import type { KafkaRecord } from '../../src/kafka/source.js';
import type { FakeDatabase, StoredDocument } from './fake-sink.js';
import { recordsOf, type FakeLog } from './fake-log.js';

/** A broken invariant of the guarantee, with the coordinates of the first record that shows it. */
export class Violation extends Error {
  constructor(invariant: string, what: string) {
    super(`${invariant}: ${what}`);
    this.name = 'Violation';
  }
}

/** What the story's records are, known from how they were made, not from the drain's own decoding. */
export type Nature = 'document' | 'tombstone' | 'undecodable' | 'unwritable';

export interface Oracle {
  /** I4: everything before a committed offset is reflected, superseded, dead-lettered or skipped at that very moment. */
  onCommit: (partition: number, offset: bigint) => void;
  /** I3: a stored version never goes down. */
  onWrite: (idKey: string, before: StoredDocument | undefined, after: StoredDocument) => void;
  /** I6: books balance; `exact`: the run had its partitions for itself, so it read just what it planned. */
  onResult: (result: RunResult, exact: boolean) => void;
  /** I1, I2, I5 and I7 after everything has healed. */
  atEnd: () => void;
}

export interface OracleInput {
  log: FakeLog;
  database: FakeDatabase;
  natureOf: (record: KafkaRecord) => Nature;
  deletes: 'soft' | 'ignore';
}

export function createOracle(input: OracleInput): Oracle {
  return {
    onCommit: (partition, offset) => {
      for (const record of recordsOf(input.log)) {
        if (record.partition !== partition || record.offset >= offset || isSettled(input, record)) continue;
        throw new Violation(
          'I4',
          `${placeOf(record)} is neither stored nor a dead letter, but offset ${String(offset)} is committed`,
        );
      }
    },
    onWrite: (idKey, before, { version }) => {
      if (before === undefined || before.version.offset <= version.offset) return;
      throw new Violation(
        'I3',
        `${idKey} went from offset ${String(before.version.offset)} back to ${String(version.offset)}`,
      );
    },
    onResult: (result, exact) => {
      checkBooks(result);
      if (exact && result.stopReason === 'drained') checkRead(input.log, result);
    },
    atEnd: () => {
      checkDocuments(input);
      checkDeadLetters(input);
      checkCommitted(input.log);
    },
  };
}

function placeOf({ topic, partition, offset }: KafkaRecord): string {
  return `${topic}-${String(partition)} offset ${String(offset)}`;
}

function coordinatesOf({ partition, offset }: { partition: number; offset: bigint }): string {
  return `${String(partition)}:${String(offset)}`;
}

function isSettled({ database, natureOf, deletes }: OracleInput, record: KafkaRecord): boolean {
  const nature = natureOf(record);
  if (nature === 'tombstone' && deletes === 'ignore') return true;
  if (nature !== 'undecodable') {
    const stored = database.documents.get(`s:${String(record.key)}`);
    if (stored !== undefined && stored.version.offset >= record.offset) return true;
  }
  return deadLetterCoordinates(database).has(coordinatesOf(record));
}

function deadLetterCoordinates({ deadLetters }: FakeDatabase): Set<string> {
  return new Set([...deadLetters.values()].map(coordinatesOf));
}

function checkBooks({ records: { read, ...outcomes }, partitions }: RunResult): void {
  const sum = Object.values(outcomes).reduce((total, count) => total + count, 0);
  if (sum !== read) throw new Violation('I6', `read ${String(read)}, outcomes add up to ${String(sum)}`);
  const parts = partitions.reduce((total, partition) => total + partition.read, 0);
  if (parts !== read)
    throw new Violation('I6', `read ${String(read)}, partitions add up to ${String(parts)}`);
}

function checkRead(log: FakeLog, { partitions }: RunResult): void {
  for (const { partition, start, end, read } of partitions) {
    const wanted = recordsOf(log).filter(
      (record) =>
        record.partition === partition && record.offset >= BigInt(start) && record.offset < BigInt(end),
    ).length;
    if (wanted === read) continue;
    throw new Violation(
      'I6',
      `partition ${String(partition)} holds ${String(wanted)} records from ${start} up to ${end}, the run says ${String(read)}`,
    );
  }
}

/** The fold: of each id the newest record that can be stored. */
function checkDocuments({ log, database, natureOf, deletes }: OracleInput): void {
  const wanted = new Map<string, KafkaRecord>();
  for (const record of recordsOf(log)) {
    const nature = natureOf(record);
    if (nature === 'document' || (nature === 'tombstone' && deletes === 'soft'))
      wanted.set(`s:${String(record.key)}`, record);
  }
  for (const [idKey, record] of wanted) checkDocument(idKey, record, database.documents.get(idKey));
  for (const idKey of database.documents.keys()) {
    if (!wanted.has(idKey)) throw new Violation('I2', `${idKey} is stored but no record says so`);
  }
}

function checkDocument(idKey: string, record: KafkaRecord, stored: StoredDocument | undefined): void {
  if (stored === undefined) throw new Violation('I1', `${placeOf(record)} (${idKey}) is lost`);
  if (stored.version.offset !== record.offset) {
    throw new Violation(
      'I2',
      `${idKey} is stored at offset ${String(stored.version.offset)}, the newest is ${String(record.offset)}`,
    );
  }
  const { fields, deleted } = stored;
  const same = record.value === null ? deleted : fields === record.value.toString();
  if (!same) throw new Violation('I2', `${idKey} is not what ${placeOf(record)} says`);
}

/** Every undecodable record, none that could be stored; an unwritable one only unless a newer record was written in its place. */
function checkDeadLetters({ log, database, natureOf }: OracleInput): void {
  const found = deadLetterCoordinates(database);
  for (const record of recordsOf(log)) {
    const nature = natureOf(record);
    const there = found.delete(coordinatesOf(record));
    if (nature === 'undecodable' && !there)
      throw new Violation('I5', `${placeOf(record)} is missing from the dead letters`);
    if (there && (nature === 'document' || nature === 'tombstone')) {
      throw new Violation('I5', `${placeOf(record)} is a good record among the dead letters`);
    }
  }
  if (found.size > 0) throw new Violation('I5', `dead letters of no record: ${[...found].join(', ')}`);
}

function checkCommitted(log: FakeLog): void {
  for (const [partition, { end }] of log.partitions.entries()) {
    const committed = log.committed.get(partition)?.offset;
    if (committed !== end)
      throw new Violation(
        'I7',
        `partition ${String(partition)} is committed up to ${String(committed)}, ends at ${String(end)}`,
      );
  }
}
