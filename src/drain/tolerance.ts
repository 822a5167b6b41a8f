import type { PipelineSettings } from '../config/settings.js';
import { DrainError } from '../errors.js';
import type { RecordBatch } from '../kafka/source.js';
import type { Books } from './books.js';

/** Below this many records of a partition a ratio says nothing. */
const RATIO_AFTER = 200;
/** Above this share of bad records it is rather the configuration that is wrong than the records. */
const DEFAULT_RATIO = 0.2;

export type ToleranceRules = Pick<PipelineSettings, 'name' | 'group' | 'deadLetters'>;

/** What a run has done before the batch in hand. */
export interface SoFar {
  partition: Books;
  run: Books;
}

/** How many of the first so many records of the batch are bad, as far as is known. */
export interface BadShare {
  bad: number;
  of: number;
}

/**
 * The circuit breaker: refuses a batch with which more records of the run are bad than the pipeline tolerates, before any of
 * them is committed. Only data errors come here, never an outage. Error: `TOO_MANY_BAD`.
 */
export function refuseTooManyBad(
  rules: ToleranceRules,
  batch: RecordBatch,
  soFar: SoFar,
  { bad, of }: BadShare,
): void {
  const { tolerate } = rules.deadLetters;
  if (bad === 0 || tolerate === 'none') return;
  const { count, ratio } = tolerate === 'all' ? { count: null, ratio: null } : tolerate;
  const ofRun = soFar.run.counts.deadLettered + bad;
  if (count !== null && ofRun > count) {
    throw tooMany(
      rules,
      batch,
      `${String(ofRun)} records of this run are bad, and ${String(count)} are tolerated`,
    );
  }
  const read = soFar.partition.counts.read + of;
  const ofPartition = soFar.partition.counts.deadLettered + bad;
  const limit = ratio ?? DEFAULT_RATIO;
  if (read < RATIO_AFTER || ofPartition <= read * limit) return;
  const share = `${String(ofPartition)} of the ${String(read)} records read of this partition are bad`;
  throw tooMany(rules, batch, `${share}, more than ${String(limit * 100)} %`);
}

function tooMany({ name, group }: ToleranceRules, batch: RecordBatch, reason: string): DrainError {
  const first = batch.records[0]?.offset ?? batch.nextOffset;
  const place = `${batch.partition} offsets ${String(first)} up to ${String(batch.nextOffset)}`;
  return new DrainError(
    'TOO_MANY_BAD',
    `${place}: ${reason}. Nothing from offset ${String(first)} on is committed. If the configuration of pipeline "${name}" is ` +
      'wrong (value, keyFormat, documentId, transform), correct it; if the records are to become dead letters, set ' +
      `"deadLetters: { tolerate: { ratio: 1 } }"; or skip them by setting the offset of group "${group}" with Kafka's ` +
      'consumer group tool.',
  );
}
