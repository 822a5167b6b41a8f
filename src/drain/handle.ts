import type { BatchHandled, PartitionName, RecordBatch } from '../kafka/source.js';
import type { Books } from './books.js';
import type { MarkContent } from './commit-mark.js';
import { cutAtEnd, type Room } from './cut.js';
import type { Ledger } from './ledger.js';
import { refuseTooManyBad, type ToleranceRules } from './tolerance.js';
import type { createWriteBatch } from './write-batch.js';

/** Why work on a batch may end before all of it is handled. */
export interface BatchSignals {
  /** At once, and nothing of it is committed. */
  abandoned: AbortSignal;
  /** Asked every now and then: whether to end behind the record in hand; what is handled by then is committed. */
  isStopping: () => boolean;
}

export type Handle = (batch: RecordBatch, signals: BatchSignals) => Promise<BatchHandled>;

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
  /** Monotonic, milliseconds. */
  clock: () => number;
}

/**
 * For how long the records of one batch are turned before what is there is written and committed: a transform that takes its
 * time has commits to go on from, whatever ends its attempt.
 */
const LONGEST_TURN_MS = 5_000;

/** Builds the step batch → commit: everything up to the returned offset is durable, and the books of it travel with the commit. */
export function createHandle(deps: HandleDeps): Handle {
  const { writeBatch, rules, ledger, room, endOf, markOf, clock } = deps;
  return async (batch, { abandoned, isStopping }) => {
    const end = endOf(batch.partition);
    // its last batch is settled, be it that the commit was refused
    room.giveBack(batch.partition);
    if (ledger.isDone(batch.partition)) return { commit: null, done: true };
    const cut = room.fit(cutAtEnd(batch, end));
    // Others are about to take the rest; if their commits fail, it is this partition's. Until then it is fetched again.
    if (cut === null) return { commit: null, done: room.isFull() };
    const turnedByMs = clock() + LONGEST_TURN_MS;
    const { handled, books } = await writeBatch(cut.records, abandoned, {
      tolerate: (bad, of) => {
        // Most batches have none, and the run's totals go over all partitions.
        if (bad.length === 0) return;
        const soFar = { partition: ledger.books(batch.partition), run: ledger.totals() };
        refuseTooManyBad(rules, cut, soFar, { bad, of });
      },
      enough: () => isStopping() || clock() >= turnedByMs,
    });
    room.take(batch.partition, handled);
    const offset = cut.records[handled]?.offset ?? cut.nextOffset;
    const metadata = markOf(ledger.prepare(batch.partition, books));
    deps.prepared(batch.partition, metadata, books);
    return { commit: { offset, metadata }, done: end !== null && offset >= end };
  };
}
