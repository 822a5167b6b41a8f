import type { Plan, RunResult } from '../contract.js';

/** The Web UI shows markdown tables without gaps, so bullets. */
export function planMarkdown(plan: Plan): string {
  return [
    `**${plan.topic} → ${plan.collection}** (group \`${plan.group}\`)`,
    '',
    `- plan: ${count(plan.lagBefore)} records in ${String(plan.partitions.length)} partitions, ${plan.continuity}`,
    ...plan.warnings.map(({ code, message }) => `- **${code}**: ${message}`),
  ].join('\n');
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
    ...result.lost.map(
      ({ partition, from, to }) => `- **lost**: partition ${String(partition)}, offsets ${from} up to ${to}`,
    ),
    ...result.warnings.map(({ code, message }) => `- **${code}**: ${message}`),
  ].join('\n');
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
