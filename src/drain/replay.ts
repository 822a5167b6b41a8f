import type { PipelineSettings } from '../config/settings.js';
import type { RecordCounts } from '../contract.js';
import { partitionName, type KafkaRecord } from '../kafka/source.js';
import type { PipelineSink } from '../mongodb/sink.js';
import type { Schemas } from '../registry/schemas.js';
import { addBooks, EMPTY_BOOKS } from './books.js';
import { createToOperation, type Operation, type ToOperation } from './operation.js';
import { withSchemas } from './schema-loading.js';
import type { TransformStep } from './transform-step.js';
import { createWriteBatch } from './write-batch.js';

/** A dead-lettered record as it came, with the epoch under which it was read. */
export interface ReplayRecord extends KafkaRecord {
  id: string;
  epoch: number;
}

/** A record that today's configuration can't write either. */
export interface StillBad {
  id: string;
  code: string;
  reason: string;
}

export interface Replayed {
  /** Of all records; `deadLettered` are those still bad. */
  counts: RecordCounts;
  stillBad: StillBad[];
}

export interface ReplayDeps {
  sink: Pick<PipelineSink, 'write'>;
  pipeline: PipelineSettings;
  /** `null`: no format of the pipeline needs a schema registry. */
  schemas: Schemas | null;
  /** When tombstones among the records may be purged. */
  purgeAt: Date;
  /** The pipeline's own step; `null`: it has none. */
  transform: TransformStep | null;
}

/**
 * Writes dead-lettered records with today's configuration at their original coordinates: whatever was stored since of the same
 * document id is newer and wins. Nothing is dead-lettered anew. Errors: those of `Sink.write` and `Schemas.load`.
 */
export async function replay(
  deps: ReplayDeps,
  records: readonly ReplayRecord[],
  signal: AbortSignal,
): Promise<Replayed> {
  let books = EMPTY_BOOKS;
  const stillBad: StillBad[] = [];
  for (const epoch of new Set(records.map((record) => record.epoch))) {
    const ofEpoch = records.filter((record) => record.epoch === epoch);
    const ids = new Map(ofEpoch.map((record) => [coordinatesOf(record), record.id]));
    const writeBatch = createWriteBatch({
      sink: {
        write: deps.sink.write,
        writeDeadLetters: (letters) => {
          for (const letter of letters) {
            const id = ids.get(coordinatesOf(letter));
            if (id !== undefined) stillBad.push({ id, code: letter.code, reason: letter.reason });
          }
          return Promise.resolve();
        },
      },
      toOperation: toOperationOf(deps, epoch),
      pipeline: tolerant(deps.pipeline),
      run: { workflowId: '', runId: '' },
    });
    for (const ofTopic of byTopic(ofEpoch)) {
      let rest = ofTopic;
      while (rest.length > 0) {
        const written = await writeBatch(rest, signal);
        books = addBooks(books, written.books);
        rest = rest.slice(written.handled);
      }
    }
  }
  return { counts: books.counts, stillBad };
}

/** A batch is of one topic, since topics may have collections of their own. */
function byTopic(records: readonly ReplayRecord[]): ReplayRecord[][] {
  const topics = new Set(records.map(({ topic }) => topic));
  return [...topics].map((topic) => records.filter((record) => record.topic === topic));
}

/** What `replay` would do with a record, as far as it can be told without writing. */
export async function foresee(deps: Omit<ReplayDeps, 'sink'>, record: ReplayRecord): Promise<Operation> {
  return toOperationOf(deps, record.epoch)(record);
}

function toOperationOf(deps: Omit<ReplayDeps, 'sink'>, epoch: number): ToOperation {
  const { pipeline, schemas, purgeAt, transform } = deps;
  const toOperation = createToOperation({ ...pipeline, epoch }, purgeAt, { schemas, transform });
  return withSchemas(pipeline, schemas, toOperation);
}

function tolerant(pipeline: PipelineSettings): PipelineSettings {
  return { ...pipeline, deadLetters: { ...pipeline.deadLetters, tolerate: 'all' } };
}

function coordinatesOf(record: Pick<KafkaRecord, 'topic' | 'partition' | 'offset'>): string {
  return `${partitionName(record)} ${String(record.offset)}`;
}
