import type { KafkaRecord } from '../kafka/source.js';
import type { VersionOrder, WriteModel } from '../mongodb/sink.js';
import { compareVersions } from '../mongodb/version-order.js';

/** A record together with what shall be written for it. */
export interface Candidate {
  record: KafkaRecord;
  model: WriteModel;
  /** The next older one of the same document id, which takes its place if its content is refused; `null` until it is coalesced. */
  older: Candidate | null;
}

/**
 * The newest candidate of each document id, in order of first appearance, with the older ones behind it. They are linked, since
 * an array for each id would live as long as the batch, and mostly hold one. Mostly arrival order is version order, so sorting is
 * rare.
 */
export function coalesce(candidates: readonly Candidate[], order: VersionOrder = 'offset'): Candidate[] {
  const newest = new Map<string, Candidate>();
  const unordered = new Set<string>();
  for (const candidate of candidates) {
    const { idKey, version } = candidate.model;
    const before = newest.get(idKey);
    newest.set(idKey, candidate);
    if (before === undefined) continue;
    candidate.older = before;
    if (compareVersions(before.model.version, version, order) > 0) unordered.add(idKey);
  }
  for (const idKey of unordered) {
    const last = newest.get(idKey);
    if (last !== undefined) newest.set(idKey, sorted(last, order));
  }
  return [...newest.values()];
}

/** Links those from the last arrived one on anew, by version; of equal ones the last arrived is the newest. */
function sorted(last: Candidate, order: VersionOrder): Candidate {
  const arrived: Candidate[] = [];
  for (let next: Candidate | null = last; next !== null; next = next.older) arrived.push(next);
  arrived.reverse().sort((a, b) => compareVersions(a.model.version, b.model.version, order));
  let newest: Candidate | null = null;
  for (const candidate of arrived) {
    candidate.older = newest;
    newest = candidate;
  }
  return newest ?? last;
}
