import type { RecordCounts } from '../contract.js';
import { DrainError } from '../errors.js';
import type { KafkaRecord } from '../kafka/source.js';
import type {
  DeadLetterStage,
  PipelineSink,
  Rejection,
  VersionOrder,
  WriteModel,
  WriteRejectionCode,
} from '../mongodb/sink.js';
import { coalesce } from './coalesce.js';
import type { BadOne } from './tolerance.js';

/** A bad record on its way to the dead letters. */
export interface BadLetter extends BadOne {
  record: KafkaRecord;
  stage: DeadLetterStage;
}

type WrittenCounts = Pick<RecordCounts, 'inserted' | 'updated' | 'deleted' | 'unchanged' | 'coalesced'>;

/** What shall be written for the records of a batch: a record and its model share their index. */
export interface Candidates {
  records: readonly KafkaRecord[];
  /** `null`: nothing is written for the record. */
  models: (WriteModel | null)[];
}

/**
 * Writes the newest version of each id. Where its content is refused, the refused record goes to the dead letters and the next
 * older one of that id takes its place, until one is stored or none is left.
 */
export async function writeNewest(
  sink: Pick<PipelineSink, 'write'>,
  candidates: Candidates,
  order: VersionOrder,
  signal: AbortSignal,
): Promise<{ counts: WrittenCounts; refused: BadLetter[] }> {
  const { models } = candidates;
  const { newest, olderThan, coalesced } = coalesce(models, order);
  const counts: WrittenCounts = { inserted: 0, updated: 0, deleted: 0, unchanged: 0, coalesced };
  const refused: BadLetter[] = [];
  let waiting = newest;
  while (waiting.length > 0) {
    const rejections = await writeModels(sink, candidates, waiting, { counts, signal });
    const rejected = rejections.length === 0 ? [] : refuse(candidates, waiting, rejections, refused);
    waiting = rejected.flatMap((index) => olderThan(index) ?? []);
    counts.coalesced -= waiting.length;
  }
  return { counts, refused };
}

/** Adds the refused records to those that are, and returns their indexes. Error: `UNEXPECTED` for a refusal of something else. */
function refuse(
  { records, models }: Candidates,
  written: readonly number[],
  rejections: readonly Rejection[],
  refused: BadLetter[],
): number[] {
  const indexOf = new Map(written.map((index) => [models[index] ?? null, index]));
  return rejections.map(({ model, code, reason }) => {
    const index = indexOf.get(model) ?? -1;
    const record = records[index];
    // else it would be committed, and be nowhere
    if (record === undefined) throw new DrainError('UNEXPECTED', 'the sink refused what nobody gave it');
    refused.push({ record, stage: stageOf(code), code, reason });
    return index;
  });
}

const INVALID: readonly WriteRejectionCode[] = ['TOO_LARGE', 'NOT_STORABLE', 'VALIDATION_FAILED'];

function stageOf(code: WriteRejectionCode): DeadLetterStage {
  return INVALID.includes(code) ? 'validate' : 'write';
}

async function writeModels(
  sink: Pick<PipelineSink, 'write'>,
  { records, models }: Candidates,
  indexes: readonly number[],
  { counts, signal }: { counts: WrittenCounts; signal: AbortSignal },
): Promise<Rejection[]> {
  const sent: WriteModel[] = [];
  for (const index of indexes) {
    const model = models[index];
    if (model !== undefined && model !== null) sent.push(model);
  }
  const result = await sink.write(sent, signal, records[0]?.topic ?? '');
  counts.inserted += result.inserted;
  counts.updated += result.updated;
  counts.deleted += result.deleted;
  counts.unchanged += result.unchanged;
  return result.rejected;
}
