import { setImmediate } from 'node:timers/promises';
import type { RecordCounts } from '../contract.js';
import type { PipelineSettings } from '../config/settings.js';
import { DrainError } from '../errors.js';
import { partitionName, type KafkaRecord } from '../kafka/source.js';
import type {
  DeadLetter,
  DeadLetterStage,
  PipelineSink,
  Rejection,
  WriteModel,
  WriteRejectionCode,
} from '../mongodb/sink.js';
import { bad, type BadRecord } from './bad-record.js';
import type { Books } from './books.js';
import { coalesce, type Candidate } from './coalesce.js';
import type { Operation, ToOperation } from './operation.js';
import type { BadOne } from './tolerance.js';
import { versionOrderOf } from './version.js';

/** Bounds one call of the sink, and with it the time between two signs of life. */
const MAX_MODELS_PER_WRITE = 4_000;

export interface WriteBatchDeps {
  sink: Pick<PipelineSink, 'write' | 'writeDeadLetters'>;
  toOperation: ToOperation;
  /** Keeps what `toOperation` makes valid until the returned function is called; left out: it always is. */
  lease?: () => () => void;
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
  /** Asked between two records: whether what was turned by now has to do. */
  enough?: () => boolean;
}

/** All records must be of one topic. At least one of them is handled, whatever the limits say. */
export type WriteBatch = (
  records: readonly KafkaRecord[],
  signal: AbortSignal,
  limits?: BatchLimits,
) => Promise<BatchWritten>;

interface BadLetter extends BadOne {
  record: KafkaRecord;
  stage: DeadLetterStage;
}

interface Sorted {
  handled: readonly KafkaRecord[];
  candidates: Candidate[];
  bad: BadLetter[];
  skipped: number;
}

/**
 * Builds the step batch → durable outcomes, in the order of the guarantee: dead letters known by then → documents → the rest
 * of the dead letters. Only when it returns may the batch be committed.
 * Errors: those of the sink and of `tolerate`; `BAD_RECORD` where the pipeline tolerates none, after everything before the bad record is written.
 */
export function createWriteBatch(deps: WriteBatchDeps): WriteBatch {
  const order = versionOrderOf(deps.pipeline.version);
  const { lease = () => () => undefined } = deps;
  const writeBatch: WriteBatch = async (...batch) => {
    const release = lease();
    try {
      return await write(...batch);
    } finally {
      release();
    }
  };
  const write: WriteBatch = async (records, signal, limits = {}) => {
    const { tolerate = () => undefined, enough = () => false } = limits;
    // Batches of one fetch begin at once: each in a turn of its own, MongoDB has the first one's while the second is sorted.
    await setImmediate();
    const { handled, candidates, bad, skipped } = await sort(deps, records, enough);
    tolerate(bad, handled.length);
    await writeDeadLetters(deps, bad, signal);
    const written = await writeNewest(deps, coalesce(candidates, order), signal);
    const [intolerable] = deps.pipeline.deadLetters.tolerate === 'none' ? inOrder(written.refused) : [];
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
function before(deps: WriteBatchDeps, records: readonly KafkaRecord[], letter: BadLetter): KafkaRecord[] {
  const earlier = records.filter(({ offset }) => offset < letter.record.offset);
  if (earlier.length === 0) throw badRecord(deps, letter);
  return earlier;
}

async function sort(
  deps: WriteBatchDeps,
  records: readonly KafkaRecord[],
  enough: () => boolean,
): Promise<Sorted> {
  const sorted = { candidates: [] as Candidate[], bad: [] as BadLetter[], skipped: 0 };
  for (const [index, record] of records.entries()) {
    if (index > 0 && enough()) return { handled: records.slice(0, index), ...sorted };
    const turned = turn(deps, record);
    // A promise costs as much as decoding a small record: only those that are one are awaited.
    const operation = turned instanceof Promise ? await turned : turned;
    if (operation.kind === 'write') sorted.candidates.push({ record, model: operation.model });
    else if (operation.kind === 'skip') sorted.skipped += 1;
    else if (operation.kind === 'bad') {
      sorted.bad.push({ record, ...operation });
      // Committed at once: whatever else is in the batch may end this attempt, too.
      if (operation.code === 'KILLED_DRAIN') return { handled: records.slice(0, index + 1), ...sorted };
    } else if (index === 0) throw operation.error;
    else return { handled: records.slice(0, index), ...sorted };
  }
  return { handled: records, ...sorted };
}

/** What ends the attempt at a record, as soon as those before it are committed: an outage, or a bad one that isn't tolerated. */
interface End {
  kind: 'end';
  error: unknown;
}

function turn(deps: WriteBatchDeps, record: KafkaRecord): Operation | End | Promise<Operation | End> {
  const end = (error: unknown): End => ({ kind: 'end', error });
  const failed = (error: unknown): Operation | End =>
    isOfRecord(error) ? tolerated(undecodable(error)) : end(error);
  const tolerated = (operation: Operation): Operation | End =>
    operation.kind === 'bad' && deps.pipeline.deadLetters.tolerate === 'none'
      ? end(badRecord(deps, { record, ...operation }))
      : operation;
  try {
    const operation = deps.toOperation(record);
    return operation instanceof Promise ? operation.then(tolerated).catch(failed) : tolerated(operation);
  } catch (error) {
    return failed(error);
  }
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

function badRecord(deps: WriteBatchDeps, { record, code, reason }: BadLetter): DrainError {
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

async function writeDeadLetters(
  deps: WriteBatchDeps,
  letters: BadLetter[],
  signal: AbortSignal,
): Promise<void> {
  if (letters.length === 0) return;
  await deps.sink.writeDeadLetters(
    letters.map((letter) => toDeadLetter(deps, letter)),
    signal,
  );
}

function toDeadLetter(deps: WriteBatchDeps, { record, stage, code, reason }: BadLetter): DeadLetter {
  const { name, group, epoch } = deps.pipeline;
  const { topic, partition, offset, timestampMs, key, value, headers } = record;
  return {
    id: `${group}|${partitionName(record)}@${String(epoch)}|${String(offset)}`,
    pipeline: name,
    ...{ topic, partition, offset, timestampMs, epoch, stage, code, reason, key, value, headers },
    run: deps.run,
  };
}

type WrittenCounts = Pick<RecordCounts, 'inserted' | 'updated' | 'deleted' | 'unchanged' | 'coalesced'>;

/**
 * Writes the newest version of each id. Where its content is refused, the refused record goes to the dead letters and the next
 * older one of that id takes its place, until one is stored or none is left.
 */
async function writeNewest(
  { sink }: WriteBatchDeps,
  groups: Candidate[][],
  signal: AbortSignal,
): Promise<{ counts: WrittenCounts; refused: BadLetter[] }> {
  const counts: WrittenCounts = { inserted: 0, updated: 0, deleted: 0, unchanged: 0, coalesced: 0 };
  const refused: BadLetter[] = [];
  let waiting = groups;
  while (waiting.length > 0) {
    const topic = waiting[0]?.[0]?.record.topic ?? '';
    const rejections = await writeModels(sink, newestOf(waiting), counts, signal, topic);
    for (const group of waiting) counts.coalesced += group.length - 1;
    waiting = rejections.length === 0 ? [] : withoutRefused(waiting, rejections, counts, refused);
  }
  return { counts, refused };
}

/** Takes the newest of each group that was refused, and returns the groups of which older ones are left. */
function withoutRefused(
  groups: Candidate[][],
  rejections: readonly Rejection[],
  counts: WrittenCounts,
  refused: BadLetter[],
): Candidate[][] {
  const groupOf = new Map(groups.map((group) => [group.at(-1)?.model, group]));
  return rejections.flatMap(({ model, code, reason }) => {
    const group = groupOf.get(model) ?? [];
    // those behind it aren't coalesced yet
    counts.coalesced -= group.length - 1;
    for (const { record } of group.splice(-1)) refused.push({ record, stage: stageOf(code), code, reason });
    return group.length > 0 ? [group] : [];
  });
}

const INVALID: readonly WriteRejectionCode[] = ['TOO_LARGE', 'NOT_STORABLE', 'VALIDATION_FAILED'];

function stageOf(code: WriteRejectionCode): DeadLetterStage {
  return INVALID.includes(code) ? 'validate' : 'write';
}

function newestOf(groups: readonly (readonly Candidate[])[]): WriteModel[] {
  const models: WriteModel[] = [];
  for (const group of groups) {
    const newest = group.at(-1);
    if (newest !== undefined) models.push(newest.model);
  }
  return models;
}

async function writeModels(
  sink: Pick<PipelineSink, 'write'>,
  models: readonly WriteModel[],
  counts: WrittenCounts,
  signal: AbortSignal,
  topic: string,
): Promise<Rejection[]> {
  const rejections: Rejection[] = [];
  for (let from = 0; from < models.length; from += MAX_MODELS_PER_WRITE) {
    const result = await sink.write(models.slice(from, from + MAX_MODELS_PER_WRITE), signal, topic);
    counts.inserted += result.inserted;
    counts.updated += result.updated;
    counts.deleted += result.deleted;
    counts.unchanged += result.unchanged;
    rejections.push(...result.rejected);
  }
  return rejections;
}

function bytesOf(records: readonly KafkaRecord[]): number {
  return records.reduce(
    (sum, record) => sum + (record.bytes ?? (record.key?.length ?? 0) + (record.value?.length ?? 0)),
    0,
  );
}
