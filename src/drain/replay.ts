import type { PipelineSettings } from '../config/settings.js';
import type { RecordCounts } from '../contract.js';
import type { KafkaRecord } from '../kafka/source.js';
import type { Sink } from '../mongodb/sink.js';
import type { Schemas } from '../registry/schemas.js';
import { addBooks, EMPTY_BOOKS } from './books.js';
import { createToOperation, type Operation, type ToOperation } from './operation.js';
import { withSchemas } from './schema-loading.js';
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
  sink: Pick<Sink, 'write'>;
  pipeline: PipelineSettings;
  /** `null`: no format of the pipeline needs a schema registry. */
  schemas: Schemas | null;
  /** When tombstones among the records may be purged. */
  purgeAt: Date;
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
    books = addBooks(books, (await writeBatch(ofEpoch, signal)).books);
  }
  return { counts: books.counts, stillBad };
}

/** What `replay` would do with a record, as far as it can be told without writing. */
export async function foresee(deps: Omit<ReplayDeps, 'sink'>, record: ReplayRecord): Promise<Operation> {
  return toOperationOf(deps, record.epoch)(record);
}

function toOperationOf({ pipeline, schemas, purgeAt }: Omit<ReplayDeps, 'sink'>, epoch: number): ToOperation {
  return withSchemas(pipeline, schemas, createToOperation({ ...pipeline, epoch }, purgeAt, schemas));
}

function tolerant(pipeline: PipelineSettings): PipelineSettings {
  return { ...pipeline, deadLetters: { ...pipeline.deadLetters, tolerate: 'all' } };
}

function coordinatesOf({
  topic,
  partition,
  offset,
}: Pick<KafkaRecord, 'topic' | 'partition' | 'offset'>): string {
  return `${topic}-${String(partition)} ${String(offset)}`;
}
