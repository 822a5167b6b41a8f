import { setImmediate } from 'node:timers/promises';
import type { RecordCounts } from '../contract.js';
import type { PipelineSettings } from '../config/settings.js';
import { DrainError } from '../errors.js';
import { partitionName, type KafkaRecord } from '../kafka/source.js';
import type { DeadLetter, PipelineSink } from '../mongodb/sink.js';
import { recycleModels } from '../mongodb/raw-upsert.js';
import { oneAtATime } from '../one-at-a-time.js';
import { bad, type BadRecord } from './bad-record.js';
import type { Books } from './books.js';
import type { Operation, ToOperation } from './operation.js';
import type { BadOne } from './tolerance.js';
import { versionOrderOf } from './version.js';
import { writeNewest, type BadLetter, type Candidates } from './write-newest.js';

export interface WriteBatchDeps {
  sink: Pick<PipelineSink, 'write' | 'writeDeadLetters'>;
  toOperation: ToOperation;
  /** Keeps what `toOperation` makes valid until the returned function is called; left out: it always is. */
  lease?: () => () => void;
  /** Whether `toOperation` may have to wait: then batches are sorted side by side, and it is asked after each record whether to end. */
  mayWait?: boolean;
  pipeline: Pick<PipelineSettings, 'name' | 'group' | 'epoch' | 'version' | 'deadLetters'>;
  run: { workflowId: string; runId: string };
}

/** How far a batch got, and what became of every record up to there. */
export interface BatchWritten {
  /** How many records, from the first, ended in an outcome. */
  handled: number;
  books: Books;
}

/** What may end a batch early. */
export interface BatchLimits {
  /** Told, before anything bad is kept, which of the first so many records are bad; throws where these are too many. */
  tolerate?: (bad: readonly BadOne[], of: number) => void;
  /** Asked now and then between two records: whether what was turned by now has to do. */
  enough?: () => boolean;
}

/** All records must be of one topic. At least one of them is handled, whatever the limits say. */
export type WriteBatch = (
  records: readonly KafkaRecord[],
  signal: AbortSignal,
  limits?: BatchLimits,
) => Promise<BatchWritten>;

interface Sorted {
  handled: readonly KafkaRecord[];
  candidates: Candidates;
  bad: BadLetter[];
  skipped: number;
}

/** After how many records others have their turn: replies are heard, and the commands that follow them sent. */
const RECORDS_PER_STRETCH = 1_000;

/** What the steps of a batch share. */
interface Context extends Pick<WriteBatchDeps, 'sink' | 'toOperation' | 'pipeline' | 'run'> {
  mayWait: boolean;
}

/**
 * Builds the step batch → durable outcomes, in the order of the guarantee: dead letters known by then → documents → the rest
 * of the dead letters. Only when it returns may the batch be committed.
 * Errors: those of the sink and of `tolerate`; `BAD_RECORD` where the pipeline tolerates none, after everything before the bad record is written.
 */
export function createWriteBatch({
  sink,
  toOperation,
  lease = () => () => undefined,
  mayWait = true,
  pipeline,
  run,
}: WriteBatchDeps): WriteBatch {
  // of one shape in all runs of a thread, whoever has put them together: the code that asks for each record is compiled for that
  const deps = { sink, toOperation, pipeline, run, mayWait };
  const order = versionOrderOf(pipeline.version);
  // What is leased waits for nothing but the batch itself: others' slabs would be kept with it.
  const sortLeased = async (...given: Parameters<typeof sort>) => {
    const release = lease();
    try {
      return { ...(await sort(...given)), release };
    } catch (error) {
      release();
      throw error;
    }
  };
  // One batch is sorted sooner than two side by side, and MongoDB has it while the next one is.
  const sortInTurn = mayWait ? sortLeased : oneAtATime(sortLeased);
  const writeBatch: WriteBatch = async (records, signal, limits = {}) => {
    const { tolerate = () => undefined, enough = () => false } = limits;
    const { release, ...sorted } = await sortInTurn(deps, records, enough);
    try {
      const written = await write(sorted, signal, tolerate);
      recycleModels(sorted.candidates.models);
      return written;
    } finally {
      release();
    }
  };
  const write = async (
    { handled, candidates, bad, skipped }: Sorted,
    signal: AbortSignal,
    tolerate: NonNullable<BatchLimits['tolerate']>,
  ): Promise<BatchWritten> => {
    tolerate(bad, handled.length);
    await writeDeadLetters(deps, bad, signal);
    const written = await writeNewest(sink, candidates, order, signal);
    const [intolerable] = pipeline.deadLetters.tolerate === 'none' ? inOrder(written.refused) : [];
    if (intolerable !== undefined) return writeBatch(before(deps, handled, intolerable), signal);
    tolerate([...bad, ...written.refused], handled.length);
    await writeDeadLetters(deps, written.refused, signal);
    const counts: RecordCounts = {
      ...written.counts,
      read: handled.length,
      skipped,
      deadLettered: bad.length + written.refused.length,
    };
    return { handled: handled.length, books: { counts, bytes: bytesOf(handled) } };
  };
  return writeBatch;
}

function inOrder(letters: readonly BadLetter[]): BadLetter[] {
  return [...letters].sort((a, b) => (a.record.offset < b.record.offset ? -1 : 1));
}

/**
 * The records before the first one that the sink refused and the pipeline doesn't tolerate. They go through once more, so
 * that only they are counted; the guard makes a second time harmless, for them as for those behind, which wait for their turn.
 */
function before(deps: Context, records: readonly KafkaRecord[], letter: BadLetter): KafkaRecord[] {
  const earlier = records.filter(({ offset }) => offset < letter.record.offset);
  if (earlier.length === 0) throw badRecord(deps, letter);
  return earlier;
}

async function sort(deps: Context, records: readonly KafkaRecord[], enough: () => boolean): Promise<Sorted> {
  const sorted: Omit<Sorted, 'handled'> = { candidates: { records, models: [] }, bad: [], skipped: 0 };
  const until = (end: number): Sorted => ({ handled: records.slice(0, end), ...sorted });
  const untilEnd = (end: number, { error }: End): Sorted => {
    if (end === 0) throw error;
    return until(end);
  };
  // by index: `entries()` makes three objects for each record
  for (let index = 0; index < records.length; index += 1) {
    const record = records[index];
    if (record === undefined) break;
    if (index % RECORDS_PER_STRETCH === 0) await setImmediate();
    if (isAsked(deps, index) && enough()) return until(index);
    const turned = turn(deps, record);
    // A promise costs as much as decoding a small record: only those that are one are awaited.
    const operation = turned instanceof Promise ? await turned : turned;
    if (operation.kind === 'end') return untilEnd(index, operation);
    add(sorted, record, operation);
    // Committed at once: whatever else is in the batch may end this attempt, too.
    if (operation.kind === 'bad' && operation.code === 'KILLED_DRAIN') return until(index + 1);
  }
  return { handled: records, ...sorted };
}

/** Where a record may take seconds, it is asked after each. */
function isAsked({ mayWait }: Context, index: number): boolean {
  return index > 0 && (mayWait || index % RECORDS_PER_STRETCH === 0);
}

function add(sorted: Omit<Sorted, 'handled'>, record: KafkaRecord, operation: Operation): void {
  sorted.candidates.models.push(operation.kind === 'write' ? operation.model : null);
  if (operation.kind === 'bad') sorted.bad.push({ record, ...operation });
  else if (operation.kind === 'skip') sorted.skipped += 1;
}

/** What ends the attempt at a record, as soon as those before it are committed: an outage, or a bad one that isn't tolerated. */
interface End {
  kind: 'end';
  error: unknown;
}

function turn(deps: Context, record: KafkaRecord): Operation | End | Promise<Operation | End> {
  try {
    const operation = deps.toOperation(record);
    return operation instanceof Promise
      ? turnLater(deps, record, operation)
      : tolerated(deps, record, operation);
  } catch (error) {
    return failed(deps, record, error);
  }
}

async function turnLater(
  deps: Context,
  record: KafkaRecord,
  operation: Promise<Operation>,
): Promise<Operation | End> {
  try {
    return tolerated(deps, record, await operation);
  } catch (error) {
    return failed(deps, record, error);
  }
}

function tolerated(deps: Context, record: KafkaRecord, operation: Operation): Operation | End {
  return operation.kind === 'bad' && deps.pipeline.deadLetters.tolerate === 'none'
    ? { kind: 'end', error: badRecord(deps, { record, ...operation }) }
    : operation;
}

function failed(deps: Context, record: KafkaRecord, error: unknown): Operation | End {
  return isOfRecord(error) ? tolerated(deps, record, undecodable(error)) : { kind: 'end', error };
}

/** Outages are `DrainError`s and aborts. What JavaScript itself throws comes from one record's contents, and would end every attempt. */
function isOfRecord(error: unknown): error is Error {
  return error instanceof RangeError || error instanceof SyntaxError || error instanceof TypeError;
}

function undecodable({ name }: Error): BadRecord {
  return bad(
    'decode',
    'DECODING_FAILED',
    `decoding ended with ${name}, for which kafka-drain has no better words`,
  );
}

function badRecord(deps: Context, { record, code, reason }: BadLetter): DrainError {
  const { group, name } = deps.pipeline;
  const partition = partitionName(record);
  const place = `${partition} offset ${String(record.offset)}`;
  return new DrainError(
    'BAD_RECORD',
    `${place}: ${reason} (${code}), and pipeline "${name}" tolerates no bad records. Everything before it is written and ` +
      `committed. To go on, set "deadLetters: { tolerate: all }", or skip it by setting the offset of group "${group}" ` +
      `for ${partition} to ${String(record.offset + 1n)} with Kafka's consumer group tool.`,
  );
}

async function writeDeadLetters(deps: Context, letters: BadLetter[], signal: AbortSignal): Promise<void> {
  if (letters.length === 0) return;
  await deps.sink.writeDeadLetters(
    letters.map((letter) => toDeadLetter(deps, letter)),
    signal,
  );
}

function toDeadLetter(deps: Context, { record, stage, code, reason }: BadLetter): DeadLetter {
  const { name, group, epoch } = deps.pipeline;
  const { topic, partition, offset, timestampMs, key, value, headers } = record;
  return {
    id: `${group}|${partitionName(record)}@${String(epoch)}|${String(offset)}`,
    pipeline: name,
    ...{ topic, partition, offset, timestampMs, epoch, stage, code, reason, key, value, headers },
    run: deps.run,
  };
}

function bytesOf(records: readonly KafkaRecord[]): number {
  let sum = 0;
  for (const record of records)
    sum += record.bytes ?? (record.key?.length ?? 0) + (record.value?.length ?? 0);
  return sum;
}
