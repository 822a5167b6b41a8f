import type { KafkaRecord } from '../kafka/source.js';
import type { VersionOrder, WriteModel } from '../mongodb/sink.js';
import { compareVersions } from '../mongodb/version-order.js';

/** A record together with what shall be written for it. */
export interface Candidate {
  record: KafkaRecord;
  model: WriteModel;
}

/**
 * Groups candidates by document id, in order of first appearance, each group oldest version first: the last is the one to
 * write, the others wait behind it in case its content is refused. Mostly arrival order is version order, so sorting is rare.
 */
export function coalesce(candidates: readonly Candidate[], order: VersionOrder = 'offset'): Candidate[][] {
  const groups = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const group = groups.get(candidate.model.idKey);
    if (group === undefined) groups.set(candidate.model.idKey, [candidate]);
    else group.push(candidate);
  }
  const ordered = [...groups.values()];
  for (const group of ordered) {
    if (!isOrdered(group, order))
      group.sort((a, b) => compareVersions(a.model.version, b.model.version, order));
  }
  return ordered;
}

function isOrdered(group: readonly Candidate[], order: VersionOrder): boolean {
  return group.every((candidate, index) => {
    const next = group[index + 1];
    return next === undefined || compareVersions(candidate.model.version, next.model.version, order) <= 0;
  });
}
