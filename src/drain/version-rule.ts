import { createHash } from 'node:crypto';
import type { PipelineSettings } from '../config/settings.js';
import { DrainError } from '../errors.js';
import { partitionName, type LogState } from '../kafka/source.js';
import { decodeMark } from './commit-mark.js';

/** A mark has little room. */
const LONGEST_FIELD = 100;

/**
 * By what a pipeline tells which of two records of an id is newer, in a word for its commits: `offset`, `timestamp`, `source`,
 * `field:rev`. `null`: each record is a document of its own, and no two are ever compared.
 */
export function versionRuleOf({
  version,
  documentId,
}: Pick<PipelineSettings, 'version' | 'documentId'>): string | null {
  if (documentId.from === 'coordinates') return null;
  if (version.by !== 'field') return version.by;
  const { field } = version;
  return `field:${Buffer.byteLength(field) <= LONGEST_FIELD ? field : hashOf(field)}`;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Refuses to go on by another rule than the group's commits of this epoch: stored documents hold versions of that one, and
 * comparing them with versions of another means nothing. Retryable, since a worker with the old configuration may be on its
 * way out. Error: `CONFIG_MISMATCH`.
 */
export function refuseOtherVersionRule(
  pipeline: PipelineSettings,
  { partitions }: Pick<LogState, 'partitions'>,
): void {
  const { name, group, epoch } = pipeline;
  const rule = versionRuleOf(pipeline);
  if (rule === null) return;
  for (const state of partitions) {
    const mark = decodeMark(state.committed?.metadata ?? '');
    const before = mark?.epoch === epoch ? mark.rule : null;
    if (before === null || before === rule) continue;
    throw new DrainError(
      'CONFIG_MISMATCH',
      `${partitionName(state)}: group "${group}" has committed with ${shown(before)}, and this worker's configuration of ` +
        `pipeline "${name}" says ${shown(rule)}: versions of the two can't be compared. Set "epoch: ${String(epoch + 1)}" ` +
        'together with the new rule (the start policy applies again, and what is read from then on wins over what is stored), or ' +
        'with a new collection give the pipeline a new group, too. If the rule was not changed on purpose, give all workers the ' +
        'same configuration.',
    );
  }
}

function shown(rule: string): string {
  const [, field] = /^field:(.*)$/s.exec(rule) ?? [];
  return field === undefined ? `"version: ${rule}"` : `"version: { field: ${field} }"`;
}
