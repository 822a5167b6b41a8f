import type { PipelineSettings } from '../../src/config/settings.js';
import type { RunResult, StopReason } from '../../src/contract.js';
import type { Commit, CommittedOffset, KafkaRecord } from '../../src/kafka/source.js';
import type { FakeDatabase, StoredDocument } from './fake-sink.js';
import { partitionOf, recordsIn, recordsOf, type FakeLog } from './fake-log.js';

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
  onCommit: (partition: number, before: CommittedOffset | null, commit: Commit) => void;
  /** An operator has set the group back: the marks of runs that are under way are gone. */
  onSetBack: (partition: number) => void;
  /** I3: a stored version never goes down. */
  onWrite: (idKey: string, before: StoredDocument | undefined, after: StoredDocument) => void;
  /** I6: books balance, and say what the run's commits have covered. */
  onResult: (ended: RunEnded) => void;
  /** I8: it stops in time, and not before it must. */
  onOutcome: (ended: AttemptEnded) => void;
  /** I1, I2, I5 and I7 after everything has healed. */
  atEnd: () => void;
}

export interface RunEnded {
  runId: string;
  result: RunResult;
  maxRecords: number | null;
  /** No other attempt of this run lives on, whose commits may come at any moment. */
  alone: boolean;
  /** No attempt of any other run was alive either: it had the group for itself, and read just what it planned. */
  undisturbed: boolean;
}

export interface AttemptEnded {
  stopReason: StopReason;
  tookMs: number;
  /** How much of it the process stood still. */
  frozenMs: number;
  budgetMs: number;
  stopByMs: number;
}

export interface OracleInput {
  log: FakeLog;
  database: FakeDatabase;
  natureOf: (record: KafkaRecord) => Nature;
  deletes: PipelineSettings['deletes'];
}

/** From the decision to stop: what is in hand, a fetch that is under way, the way out of the group. */
const STOP_WITHIN_MS = 10_000;

export function createOracle(input: OracleInput): Oracle {
  const coverage = createCoverage(input.log);
  return {
    onCommit: (partition, before, { offset, metadata }) => {
      checkSettled(input, partition, offset);
      coverage.committed(runOf(metadata), partition, before?.offset ?? offset, offset);
    },
    onSetBack: coverage.setBack,
    onWrite: (idKey, before, { version }) => {
      if (before === undefined || before.version.offset <= version.offset) return;
      throw new Violation(
        'I3',
        `${idKey} went from offset ${String(before.version.offset)} back to ${String(version.offset)}`,
      );
    },
    onResult: (ended) => {
      checkBooks(ended.result);
      checkCovered(coverage, ended);
      checkRanges(input.log, ended.result);
      if (ended.undisturbed) checkUndisturbed(input.log, ended);
    },
    onOutcome: ({ stopReason, tookMs, frozenMs, budgetMs, stopByMs }) => {
      if (stopReason === 'budget' && tookMs < budgetMs)
        throw new Violation('I8', `the budget of ${String(budgetMs)} ms ended after ${String(tookMs)} ms`);
      if (tookMs - frozenMs > stopByMs + STOP_WITHIN_MS)
        throw new Violation('I8', `it took ${String(tookMs)} ms, to stop by ${String(stopByMs)} ms`);
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

function checkSettled(input: OracleInput, partition: number, offset: bigint): void {
  const deadLetters = deadLetterCoordinates(input.database);
  for (const record of recordsIn(input.log, partition, 0n, offset)) {
    if (isSettled(input, record, deadLetters)) continue;
    throw new Violation(
      'I4',
      `${placeOf(record)} is neither stored nor a dead letter, but offset ${String(offset)} is committed`,
    );
  }
}

function coordinatesOf({ partition, offset }: { partition: number; offset: bigint }): string {
  return `${String(partition)}:${String(offset)}`;
}

function isSettled(input: OracleInput, record: KafkaRecord, deadLetters: ReadonlySet<string>): boolean {
  const { database, natureOf, deletes } = input;
  const nature = natureOf(record);
  if (nature === 'tombstone' && deletes === 'ignore') return true;
  if (nature !== 'undecodable') {
    const stored = database.documents.get(String(record.key));
    if (stored === undefined) {
      if (deletes === 'hard' && isRemoved(input, record)) return true;
    } else if (stored.version.offset >= record.offset) return true;
  }
  return deadLetters.has(coordinatesOf(record));
}

/**
 * Whether a tombstone explains that nothing is stored: the record is one, or one comes after it. That one may lie beyond what is
 * committed, where an attempt that was killed had got further.
 */
function isRemoved({ log, natureOf }: OracleInput, { partition, offset, key }: KafkaRecord): boolean {
  return recordsIn(log, partition, offset).some(
    (later) => String(later.key) === String(key) && natureOf(later) === 'tombstone',
  );
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

/** Whose commit it is; read without the drain's own decoding. */
function runOf(metadata: string): string {
  return (JSON.parse(metadata) as { run: string }).run;
}

/** What the commits of a run have covered in one partition. */
interface Covered {
  records: number;
  /** Another run has committed there, or an operator, since this one began: the books in this run's marks may be gone. */
  interrupted: boolean;
}

interface Coverage {
  committed: (runId: string, partition: number, from: bigint, to: bigint) => void;
  setBack: (partition: number) => void;
  of: (runId: string, partition: number) => Covered;
}

function createCoverage(log: FakeLog): Coverage {
  const partitions = log.partitions.map(() => new Map<string, Covered>());
  const none: Covered = { records: 0, interrupted: false };
  return {
    committed: (runId, partition, from, to) => {
      const runs = partitions[partition] ?? new Map<string, Covered>();
      const mine = runs.get(runId) ?? none;
      for (const [other, covered] of runs) if (other !== runId) covered.interrupted = true;
      runs.set(runId, { ...mine, records: mine.records + recordsIn(log, partition, from, to).length });
    },
    setBack: (partition) => {
      for (const covered of partitions[partition]?.values() ?? []) covered.interrupted = true;
    },
    of: (runId, partition) => partitions[partition]?.get(runId) ?? none,
  };
}

/**
 * What the run says it has read is what its commits cover. It may be less where an attempt that was given up lives on and
 * commits at this very moment, and where the mark of another run took the place of this one's.
 */
function checkCovered(coverage: Coverage, { runId, result, maxRecords, alone }: RunEnded): void {
  for (const { partition, read } of result.partitions) {
    const { records: wanted, interrupted } = coverage.of(runId, partition);
    const exact = !interrupted && (alone || result.stopReason === 'drained');
    if (exact ? read === wanted : read <= wanted) continue;
    throw new Violation(
      'I6',
      `partition ${String(partition)}: the run's commits cover ${String(wanted)} records, it says ${String(read)}`,
    );
  }
  const { read } = result.records;
  if (alone && maxRecords !== null && read > maxRecords)
    throw new Violation('I8', `${String(read)} records were read, at most ${String(maxRecords)} allowed`);
}

/** Whoever else was there: never more than lies between the run's start and what is committed. */
function checkRanges(log: FakeLog, { partitions }: RunResult): void {
  for (const { partition, start, committed, read } of partitions) {
    const held = recordsIn(log, partition, BigInt(start), BigInt(committed ?? start)).length;
    if (read <= held) continue;
    throw new Violation(
      'I6',
      `partition ${String(partition)} holds ${String(held)} records from ${start} up to ${String(committed)}, the run says ${String(read)}`,
    );
  }
}

function checkUndisturbed(log: FakeLog, { result }: RunEnded): void {
  let lag = 0n;
  for (const { partition, start, end, read } of result.partitions) {
    const wanted = recordsIn(log, partition, BigInt(start), BigInt(end)).length;
    const isRead = result.stopReason !== 'drained' || wanted === read;
    lag += partitionOf(log, partition).end - (log.committed.get(partition)?.offset ?? BigInt(start));
    if (isRead) continue;
    throw new Violation(
      'I6',
      `partition ${String(partition)} holds ${String(wanted)} records from ${start} up to ${end}, the run says ${String(read)}`,
    );
  }
  if (Number(lag) !== result.lagAfter)
    throw new Violation('I6', `${String(lag)} offsets are left, the run says ${String(result.lagAfter)}`);
}

/** The fold: of each id the newest record that can be stored. */
function checkDocuments({ log, database, natureOf, deletes }: OracleInput): void {
  const wanted = new Map<string, KafkaRecord>();
  for (const record of recordsOf(log)) {
    const nature = natureOf(record);
    const idKey = String(record.key);
    if (nature === 'document' || (nature === 'tombstone' && deletes === 'soft')) wanted.set(idKey, record);
    if (nature === 'tombstone' && deletes === 'hard') wanted.delete(idKey);
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
