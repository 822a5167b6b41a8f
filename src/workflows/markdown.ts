import type { MemberResult, Plan, RunResult } from '../contract.js';

/** The Web UI shows markdown tables without gaps, so bullets. */
export function planMarkdown(plan: Plan): string {
  return [
    `**${plan.topic} → ${plan.collection}** (group \`${plan.group}\`)`,
    '',
    `- plan: ${count(plan.lagBefore)} records in ${String(plan.partitions.length)} partitions${topicCount(plan)}${memberCount(plan)}, ${plan.continuity}`,
    ...plan.warnings.map(({ code, message }) => `- **${code}**: ${message}`),
  ].join('\n');
}

function topicCount({ topics }: Plan): string {
  return topics.length < 2 ? '' : ` of ${String(topics.length)} topics`;
}

function memberCount({ members }: Plan): string {
  return members === undefined ? '' : ` for ${String(members)} members`;
}

export function resultMarkdown(result: RunResult): string {
  const { records } = result;
  return [
    `**${result.topic} → ${result.collection}** (group \`${result.group}\`)`,
    '',
    `- stop reason: **${result.stopReason}** after ${seconds(result.durationMs)} s, attempt ${String(result.attempt)}`,
    `- read ${count(records.read)}: ${outcomes(result)}`,
    `- lag: ${count(result.lagBefore)} before, ${count(result.lagAfter)} after`,
    `- continuity: ${result.continuity}`,
    ...memberLines(result.members ?? []),
    ...topicLines(result),
    ...result.lost.map(
      ({ topic, partition, from, to }) =>
        `- **lost**: ${topic}-${String(partition)}, offsets ${from} up to ${to}`,
    ),
    ...result.warnings.map(({ code, message }) => `- **${code}**: ${message}`),
  ].join('\n');
}

export function memberLines(members: readonly MemberResult[]): string[] {
  return members.map((result) => {
    const { member, read, partitions } = result;
    const end =
      'code' in result ? `**${result.code}**` : `**${result.stopReason}**, attempt ${String(result.attempt)}`;
    return `- member ${String(member)}: ${end}, read ${count(read)} of ${String(partitions)} partitions`;
  });
}

/** More topics than this make the details unreadable; the result has all of them. */
const MAX_TOPIC_LINES = 20;

/** Where there are several topics, those that brought something. */
function topicLines({ topics }: RunResult): string[] {
  if (topics.length < 2) return [];
  const touched = topics.filter(({ read, lagAfter }) => read > 0 || lagAfter > 0);
  const lines = touched.slice(0, MAX_TOPIC_LINES).map(({ topic, read, lagBefore, lagAfter }) => {
    return `- ${topic}: read ${count(read)}, lag ${count(lagBefore)} → ${count(lagAfter)}`;
  });
  const more = touched.length - lines.length;
  return more > 0 ? [...lines, `- and ${count(more)} topics more`] : lines;
}

function outcomes({
  records: { inserted, updated, deleted, unchanged, coalesced, skipped, deadLettered },
}: RunResult): string {
  const named = { inserted, updated, deleted, unchanged, coalesced, skipped, 'dead-lettered': deadLettered };
  return (
    Object.entries(named)
      .filter(([, number]) => number > 0)
      .map(([name, number]) => `${count(number)} ${name}`)
      .join(', ') || 'nothing'
  );
}

function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
