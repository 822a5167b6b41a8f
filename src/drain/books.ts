import { NO_RECORDS, type RecordCounts } from '../contract.js';

/** What a run did in one partition: every record read in exactly one outcome, and the bytes of keys and values. */
export interface Books {
  counts: RecordCounts;
  bytes: number;
}

export const EMPTY_BOOKS: Books = { counts: NO_RECORDS, bytes: 0 };

export function addBooks(a: Books, b: Books): Books {
  return { counts: addCounts(a.counts, b.counts), bytes: a.bytes + b.bytes };
}

export function sumBooks(all: Iterable<Books>): Books {
  let sum = EMPTY_BOOKS;
  for (const books of all) sum = addBooks(sum, books);
  return sum;
}

export function addCounts(a: RecordCounts, b: RecordCounts): RecordCounts {
  return {
    read: a.read + b.read,
    inserted: a.inserted + b.inserted,
    updated: a.updated + b.updated,
    deleted: a.deleted + b.deleted,
    unchanged: a.unchanged + b.unchanged,
    coalesced: a.coalesced + b.coalesced,
    skipped: a.skipped + b.skipped,
    deadLettered: a.deadLettered + b.deadLettered,
  };
}

/** Whether every record read ended in exactly one outcome. */
export function balances({ read, ...outcomes }: RecordCounts): boolean {
  return read === Object.values(outcomes).reduce((sum, count) => sum + count, 0);
}
