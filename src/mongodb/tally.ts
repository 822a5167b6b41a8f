import { isDelete, type Item } from './documents.js';
import type { Rejection, WriteResult } from './sink.js';

/** What happened to records so far; what is neither inserted, modified nor rejected in the end was stored already. */
export interface Tally {
  inserted: { upsert: number; delete: number };
  modified: { upsert: number; delete: number };
  rejected: Rejection[];
}

export function emptyTally(): Tally {
  return { inserted: { upsert: 0, delete: 0 }, modified: { upsert: 0, delete: 0 }, rejected: [] };
}

/** The books of a write call: the five outcomes always add up to the models sent. */
export function toResult(items: readonly Item[], rejected: readonly Rejection[], tally: Tally): WriteResult {
  const all = [...rejected, ...tally.rejected];
  const deletes = items.filter(isDelete).length;
  const settled = { upsert: items.length - deletes, delete: deletes };
  for (const { model } of tally.rejected) settled[model.kind] -= 1;
  const { inserted } = tally;
  // A document that is purged between two rounds can count twice, as modified and as inserted.
  const updated = Math.min(tally.modified.upsert, settled.upsert - inserted.upsert);
  const deleted = Math.min(inserted.delete + tally.modified.delete, settled.delete);
  const unchanged = settled.upsert - inserted.upsert - updated + settled.delete - deleted;
  return { inserted: inserted.upsert, updated, deleted, unchanged, rejected: all };
}

/** Adds what happened in one slice to the books of the call. */
export function addTally(total: Tally, { inserted, modified, rejected }: Tally): void {
  for (const kind of ['upsert', 'delete'] as const) {
    total.inserted[kind] += inserted[kind];
    total.modified[kind] += modified[kind];
  }
  total.rejected.push(...rejected);
}
