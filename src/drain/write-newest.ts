import type { RecordCounts } from '../contract.js';
import type { KafkaRecord } from '../kafka/source.js';
import type {
  DeadLetterStage,
  PipelineSink,
  Rejection,
  VersionOrder,
  WriteRejectionCode,
} from '../mongodb/sink.js';
import { coalesce, type Candidate } from './coalesce.js';
import type { BadOne } from './tolerance.js';

/** Bounds one call of the sink, and with it the time between two signs of life. */
const MAX_MODELS_PER_WRITE = 4_000;

/** A bad record on its way to the dead letters. */
export interface BadLetter extends BadOne {
  record: KafkaRecord;
  stage: DeadLetterStage;
}

type WrittenCounts = Pick<RecordCounts, 'inserted' | 'updated' | 'deleted' | 'unchanged' | 'coalesced'>;

/**
 * Writes the newest version of each id. Where its content is refused, the refused record goes to the dead letters and the next
 * older one of that id takes its place, until one is stored or none is left.
 */
export async function writeNewest(
  sink: Pick<PipelineSink, 'write'>,
  candidates: readonly Candidate[],
  order: VersionOrder,
  signal: AbortSignal,
): Promise<{ counts: WrittenCounts; refused: BadLetter[] }> {
  let waiting = coalesce(candidates, order);
  const coalesced = candidates.length - waiting.length;
  const counts: WrittenCounts = { inserted: 0, updated: 0, deleted: 0, unchanged: 0, coalesced };
  const refused: BadLetter[] = [];
  while (waiting.length > 0) {
    const rejections = await writeModels(sink, waiting, counts, signal);
    waiting = rejections.length === 0 ? [] : refuse(waiting, rejections, refused);
    counts.coalesced -= waiting.length;
  }
  return { counts, refused };
}

/** Adds the refused records to those that are, and returns the older ones that take their places. */
function refuse(
  written: readonly Candidate[],
  rejections: readonly Rejection[],
  refused: BadLetter[],
): Candidate[] {
  const candidateOf = new Map(written.map((candidate) => [candidate.model, candidate]));
  return rejections.flatMap(({ model, code, reason }) => {
    const candidate = candidateOf.get(model);
    if (candidate === undefined) return [];
    refused.push({ record: candidate.record, stage: stageOf(code), code, reason });
    return candidate.older === null ? [] : [candidate.older];
  });
}

const INVALID: readonly WriteRejectionCode[] = ['TOO_LARGE', 'NOT_STORABLE', 'VALIDATION_FAILED'];

function stageOf(code: WriteRejectionCode): DeadLetterStage {
  return INVALID.includes(code) ? 'validate' : 'write';
}

async function writeModels(
  sink: Pick<PipelineSink, 'write'>,
  candidates: readonly Candidate[],
  counts: WrittenCounts,
  signal: AbortSignal,
): Promise<Rejection[]> {
  const topic = candidates[0]?.record.topic ?? '';
  const rejections: Rejection[] = [];
  for (let from = 0; from < candidates.length; from += MAX_MODELS_PER_WRITE) {
    const models = candidates.slice(from, from + MAX_MODELS_PER_WRITE).map(({ model }) => model);
    const result = await sink.write(models, signal, topic);
    counts.inserted += result.inserted;
    counts.updated += result.updated;
    counts.deleted += result.deleted;
    counts.unchanged += result.unchanged;
    rejections.push(...result.rejected);
  }
  return rejections;
}
