import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { repositoryFolder } from '../../stack/binaries.js';
import type { Variant } from './episode.js';
import { NO_TOTALS, readResults, type Invocation, type Results, type VariantTotals } from './results.js';
import { nameOf, VARIANTS } from './variants/all.js';

/** Where the report is. */
export const REPORT_FILE = join(repositoryFolder, 'docs', 'reliability.md');

/** Writes `docs/reliability.md` from the results file, so that its words and its numbers are those of the code that ran. */
export async function writeReport(): Promise<void> {
  writeFileSync(REPORT_FILE, await reportOf(readResults()));
}

/** As it stands in the file. */
export async function reportOf(results: Results): Promise<string> {
  return format(reportText(results), { ...(await resolveConfig(REPORT_FILE)), filepath: REPORT_FILE });
}

/** Not a fault that the harness can inject, with the reason. */
const NOT_RUN: readonly string[] = [
  'power loss and full disks: the servers share one disk with the harness; `kill −9` keeps what the kernel has buffered',
  'clusters of several brokers, one of which is killed: tested in `test/end-to-end/run-life/brokers`, and not with the other faults; MongoDB sharding: nowhere',
  'clocks that jump: the harness would need the right to set them; the drain measures time by a monotonic clock, tested in `test/drain`',
  'the reply to a completed activity lost on the way: HTTP/2 hides it from a proxy; the kill `after-result` and the restarts of Temporal come close',
  'dead letters refused by a role that was taken away: the servers here have no users, so a validator refuses them; roles are tested in `test/mongodb`',
  'records above 16 MiB: the local broker takes none; tested in `test/mongodb/content`',
];

/** What became of the violations in the numbers. */
const FOUND: readonly string[] = [
  'I6, `F15 mix`, seeds 20262127 (commits bdb9268f8e and a6be7fd4c3) and 20263127 (a6be7fd4c3): a result counted one batch twice ' +
    '(735 records of 565, 1,386 of 1,182); documents and dead letters were right. The commits of the groups at ' +
    'a6be7fd4c3, read from `__consumer_offsets`, showed the same offset committed twice: a step that was made to throw behind a commit, where the ' +
    'books are kept, was taken by kafkajs for a reason to read the committed batch once more. Fixed in a7ef79e, with the test "a ' +
    'listener that breaks down ends the reading" in `test/kafka/member.test.ts`; the same seeds have been repeated since.',
  'I6, `F3 members`, in repetitions with `--dry` that are not in the numbers (5 of 12 episodes, seeds 20265129 to 20276129 with 4 lanes): all runs ' +
    'together had read too few records (9,100 of 23,000 in the worst); documents and dead letters were right. A partition has one commit, and the books ' +
    'of a run travelled in its metadata: where another run had taken the partition over, and then the worker of the first one was killed, its next ' +
    'attempt found nothing. Since then each run hands on what others have said, with tests in `test/drain/ledger-others.test.ts`; the ' +
    'same twelve episodes are clean.',
];

function reportText(results: Results): string {
  const kills = sum(results, 'kills');
  const records = sum(results, 'records');
  const violations = sum(results, 'violations');
  return `# Reliability

<!-- Written by \`npm run faults -- --report\` from test/faults/results.json. -->

The promise of [guarantees.md](guarantees.md) is checked on real servers: one Kafka broker, a MongoDB replica set of three and a
Temporal server, each a process that can be killed, and workers that are processes of their own. So far **${thousands(kills)} hard kills of
a worker, ${thousands(records)} records verified, ${thousands(violations)} ${violations === 1 ? 'violation' : 'violations'}**.

\`npm run faults\` starts its own servers, injects one fault after the other while pipelines are being drained, lets everything heal,
and asks an oracle. The oracle (\`test/faults/oracle\`) shares no code with the drain: it reads the topic from its start with Kafka's own
console consumer, folds it by the rule in the guarantees, and compares every stored document byte for byte, tombstones, dead
letters, committed offsets, and the books of every run. It names the first violation with its coordinates. A seed decides
everything random; a failing episode prints the command that repeats it. The oracle is tested by planted mistakes in every
\`npm test\`, which also runs a short form of the faults (\`npm run faults -- --short\`).

| invariant | checked |
| --- | --- |
| I1 no loss | every record is reflected, superseded or among the dead letters |
| I2 no duplicate effect | the collection equals the fold, byte for byte, in both directions |
| I3 no regression | a change stream follows every version of every document; a deleted one must not be there at the end |
| I4 commits never ahead | after kills and refusals: what is committed then is stored with majority |
| I5 dead letters complete | the bad records, all of them, no other, with coordinates, bytes and headers |
| I6 books balance | outcomes and partitions add up to what was read; with one run at a time that is exactly what lies between start and commit |
| I7 progress | the next run after healing reaches its end |
| I8 bounded | workers end by themselves after SIGTERM, stuck steps are ended |
| I9 clean | no key or value shows up in logs, histories or reasons |

## Numbers

Times: how often the fault was injected. Bound: with no violation in n times, the true rate is below 3/n with 95 % confidence. Time to
recover: the longest time from the fault to the next commit (or, where nothing was left to commit, to the end of the run), with a
heartbeat timeout of 6 to 9 s and the product's own pause of 10 s before a retry. Each row is reproduced by
\`npm run faults -- --fault "<row>" --times 1 --seed <n>\`; with \`--fault F1\` all rows of a fault.

| row | fault | times | records | violations | bound at 95 % | recovered within |
| --- | --- | --: | --: | --: | --: | --: |
${VARIANTS.map((variant) => row(variant, results.variants[nameOf(variant)] ?? NO_TOTALS)).join('\n')}

## Violations

${FOUND.map((text) => `- ${text}`).join('\n')}

## Not run

${NOT_RUN.map((text) => `- ${text}`).join('\n')}
${neverRun(results)}
## Where the numbers come from

| date | commit | seed | options | minutes | episodes | kills | records | violations |
| --- | --- | --: | --- | --: | --: | --: | --: | --: |
${results.invocations.map(invocationRow).join('\n')}
`;
}

function row(variant: Variant, totals: VariantTotals): string {
  const { times, records, violations, worstRecoveryMs } = totals;
  const bound = times === 0 ? '–' : violations === 0 ? percent(Math.min(1, 3 / times)) : 'violated';
  const recovery = worstRecoveryMs === 0 ? '–' : `${(worstRecoveryMs / 1_000).toFixed(1)} s`;
  const cells = [
    nameOf(variant),
    variant.what,
    thousands(times),
    thousands(records),
    thousands(violations),
    bound,
    recovery,
  ];
  return `| ${cells.join(' | ')} |`;
}

function neverRun({ variants }: Results): string {
  const missing = VARIANTS.map(nameOf).filter((name) => (variants[name]?.times ?? 0) === 0);
  return missing.length === 0
    ? ''
    : `- rows without a number, which no recorded invocation got to: ${missing.join(', ')}\n`;
}

function invocationRow(invocation: Invocation): string {
  const { date, commit, seed, options, minutes, episodes, kills, records, violations } = invocation;
  const typed = options === '' ? '' : `\`${options}\``;
  const cells = [date.slice(0, 16).replace('T', ' '), commit, String(seed), typed, String(minutes)];
  return `| ${[...cells, ...[episodes, kills, records, violations].map(thousands)].join(' | ')} |`;
}

function sum({ variants }: Results, field: keyof VariantTotals): number {
  return Object.values(variants).reduce((total, variant) => total + variant[field], 0);
}

function thousands(count: number): string {
  return count.toLocaleString('en-US');
}

function percent(share: number): string {
  const points = share * 100;
  return `${points < 10 ? points.toPrecision(2) : points.toFixed(0)} %`;
}
