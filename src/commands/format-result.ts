/** A run's result for people. */
import type { RecordCounts, RunResult } from '../contract.js';
import { partitionName } from '../kafka/source.js';
import type { Style } from './style.js';
import { count, elapsed, table } from './table.js';

const OUTCOMES: readonly (readonly [keyof RecordCounts, string])[] = [
  ['read', 'read'],
  ['inserted', 'inserted'],
  ['updated', 'updated'],
  ['deleted', 'deleted'],
  ['unchanged', 'unchanged'],
  ['coalesced', 'coalesced'],
  ['skipped', 'skipped'],
  ['deadLettered', 'dead-lettered'],
];

/** Headline, counts, warnings and partitions, over several lines. */
export function formatResult(result: RunResult, style: Style): string {
  const counts = table(
    OUTCOMES.map(([, title]) => title),
    [OUTCOMES.map(([outcome]) => result.records[outcome])],
  );
  return [
    ...[headline(result, style), '', counts, ''],
    ...notes(result, style),
    ...members(result),
    partitions(result),
  ].join('\n');
}

function headline(result: RunResult, style: Style): string {
  const { topic, collection, stopReason, durationMs, lagBefore, lagAfter, attempt, resumed, continuity } =
    result;
  const attempts = attempt === 1 ? '' : `, attempt ${attempt}${resumed ? ' (resumed)' : ''}`;
  return [
    `${style.strong(`${topic} → ${collection}`)}: ${style.good(stopReason)} in ${elapsed(durationMs)}${attempts}`,
    `lag ${count(lagBefore)} → ${count(lagAfter)}, continuity ${continuity}`,
  ].join('\n');
}

function notes({ warnings, lost }: RunResult, style: Style): string[] {
  const lines = [
    ...warnings.map(({ code, message }) => `${style.warning('warning')}: ${code}: ${message}`),
    ...lost.map((range) => {
      const { from, to } = range;
      return `${style.bad('lost')}: ${partitionName(range)}, offsets ${from} to ${to} (exclusive)`;
    }),
  ];
  return lines.length === 0 ? [] : [...lines, ''];
}

/** A result has only members that came to their ends. */
function members({ members: shares = [] }: RunResult): string[] {
  if (shares.length === 0) return [];
  const rows = shares.map(({ member, partitions: own, read, ...end }) => {
    return [
      member,
      'code' in end ? end.code : end.stopReason,
      'attempt' in end ? end.attempt : null,
      own,
      read,
    ];
  });
  return [table(['member', 'ended', 'attempt', 'partitions', 'read'], rows), ''];
}

function partitions(result: RunResult): string {
  const several = result.topics.length > 1;
  const rows = result.partitions.map((listed) => {
    const { partition, start, end, committed, read } = listed;
    return [several ? partitionName(listed) : partition, start, end, committed, read];
  });
  const byPartition = table(['partition', 'start', 'end', 'committed', 'read'], rows);
  if (!several) return byPartition;
  const touched = result.topics.filter(({ read, lagAfter }) => read > 0 || lagAfter > 0);
  const byTopic = table(
    ['topic', 'partitions', 'read', 'lag'],
    touched.map((found) => {
      const lag = `${count(found.lagBefore)} → ${count(found.lagAfter)}`;
      return [found.topic, found.partitions, found.read, lag];
    }),
  );
  return rows.length === 0 ? byTopic : `${byTopic}\n\n${byPartition}`;
}
