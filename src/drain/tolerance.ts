import type { PipelineSettings } from '../config/settings.js';
import { DrainError } from '../errors.js';
import type { KafkaRecord, RecordBatch } from '../kafka/source.js';
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

/** A bad record, and why it is one; never with contents. */
export interface BadOne {
  record: Pick<KafkaRecord, 'offset'>;
  code: string;
  reason: string;
}

/** Which of the first so many records of the batch are bad, as far as is known. */
export interface BadShare {
  bad: readonly BadOne[];
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
  if (bad.length === 0 || tolerate === 'none') return;
  const { count, ratio } = tolerate === 'all' ? { count: null, ratio: null } : tolerate;
  const ofRun = soFar.run.counts.deadLettered + bad.length;
  if (count !== null && ofRun > count) {
    const text = `${String(ofRun)} records of this run are bad, and ${String(count)} are tolerated`;
    throw tooMany(rules, batch, text, bad);
  }
  const read = soFar.partition.counts.read + of;
  const ofPartition = soFar.partition.counts.deadLettered + bad.length;
  const limit = ratio ?? DEFAULT_RATIO;
  if (read < RATIO_AFTER || ofPartition <= read * limit) return;
  const share = `${String(ofPartition)} of the ${String(read)} records read of this partition are bad`;
  throw tooMany(rules, batch, `${share}, more than ${String(limit * 100)} %`, bad);
}

function tooMany(
  { name, group }: ToleranceRules,
  batch: RecordBatch,
  reason: string,
  bad: readonly BadOne[],
): DrainError {
  const first = batch.records[0]?.offset ?? batch.nextOffset;
  const place = `${batch.partition} offsets ${String(first)} up to ${String(batch.nextOffset)}`;
  return new DrainError(
    'TOO_MANY_BAD',
    `${place}: ${reason}. ${commonest(batch, bad)}Nothing from offset ${String(first)} on is committed; what earlier batches had is ` +
      `listed by: kafka-drain dead-letters list ${name}. If the configuration of pipeline "${name}" is wrong (value, keyFormat, ` +
      'documentId, transform), correct it; if the records are to become dead letters, raise "deadLetters: { tolerate: { count, ' +
      `ratio } }" ("ratio: 1" sets no limit); or skip them by setting the offset of group "${group}" with Kafka's consumer group tool.`,
  );
}

/** What is wrong with most of them, and where to look at one. */
function commonest({ partition }: RecordBatch, bad: readonly BadOne[]): string {
  const byCode = new Map<string, BadOne[]>();
  for (const one of bad) {
    const same = byCode.get(one.code);
    if (same === undefined) byCode.set(one.code, [one]);
    else same.push(one);
  }
  const [most] = [...byCode.values()].sort((some, others) => others.length - some.length);
  const example = most?.[0];
  if (most === undefined || example === undefined) return '';
  const { code, reason, record } = example;
  return `Commonest in this batch is ${code} (${String(most.length)} of ${String(bad.length)}), as at ${partition} offset ${String(record.offset)}: ${reason}. `;
}
