import type { BatchHandled, PartitionName, RecordBatch } from '../kafka/source.js';
import type { Books } from './books.js';
import type { MarkContent } from './commit-mark.js';
import { cutAtEnd, type Room } from './cut.js';
import type { Ledger } from './ledger.js';
import { refuseTooManyBad, type ToleranceRules } from './tolerance.js';
import type { createWriteBatch } from './write-batch.js';

export type Handle = (batch: RecordBatch, signal: AbortSignal) => Promise<BatchHandled>;

export interface HandleDeps {
  writeBatch: ReturnType<typeof createWriteBatch>;
  rules: ToleranceRules;
  ledger: Ledger;
  room: Room;
  /** Exclusive; `null`: no end. */
  endOf: (partition: PartitionName) => bigint | null;
  markOf: (content: MarkContent) => string;
  /** Told of the commit that is to come, and of what is in it. */
  prepared: (partition: PartitionName, metadata: string, books: Books) => void;
}

/** Builds the step batch → commit: everything up to the returned offset is durable, and the books of it travel with the commit. */
export function createHandle(deps: HandleDeps): Handle {
  const { writeBatch, rules, ledger, room, endOf, markOf } = deps;
  return async (batch, signal) => {
    const end = endOf(batch.partition);
    const cut = room.fit(cutAtEnd(batch, end));
    if (cut === null || ledger.isDone(batch.partition)) return { commit: null, done: true };
    const { handled, books } = await writeBatch(cut.records, signal, (bad) => {
      // Most batches have none, and the run's totals go over all partitions.
      if (bad === 0) return;
      const soFar = { partition: ledger.books(batch.partition), run: ledger.totals() };
      refuseTooManyBad(rules, cut, soFar, bad);
    });
    room.take(batch.partition, handled);
    const offset = cut.records[handled]?.offset ?? cut.nextOffset;
    const metadata = markOf(ledger.prepare(batch.partition, books));
    deps.prepared(batch.partition, metadata, books);
    return { commit: { offset, metadata }, done: end !== null && offset >= end };
  };
}

/** Runs one call after the other: an exact `maxRecords` needs to know what the batch before has used. */
export function oneAtATime(handle: Handle): Handle {
  let last: Promise<unknown> = Promise.resolve();
  return (batch, signal) => {
    const turn = last.then(() => handle(batch, signal));
    last = turn.catch(() => undefined);
    return turn;
  };
}
