/** What the runs come to: per workload and program the medians, and how often faster kafka-drain was, side by side. */
import { table, type Cell } from '../src/commands/table.js';
import type { RunFigures } from './measure.js';

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export interface SummaryRow {
  readonly workload: string;
  readonly program: string;
  readonly rounds: number;
  /** Rounds with wrong documents, and how many there were at most. */
  readonly wrongRounds: number;
  readonly mostWrong: number;
  readonly recordsPerSecond: Spread | null;
  /** kafka-drain's rate divided by this one's in the same round. */
  readonly ratio: Spread | null;
  readonly firstWriteMs: Spread | null;
  readonly wholeMs: Spread | null;
  readonly startUpMs: Spread | null;
  /** Microseconds of CPU for each record; the client's within the window. */
  readonly clientMicroseconds: Spread | null;
  readonly mongodMicroseconds: Spread | null;
  readonly kafkaMicroseconds: Spread | null;
  readonly peakMegabytes: Spread | null;
  readonly times: Readonly<Record<string, Spread>>;
}

export const SUBJECT = 'kafka-drain';

/** Null where there are no values. Of an even number the median is the lower middle: a value that was measured. */
export function spreadOf(values: readonly (number | null)[]): Spread | null {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  const [min] = sorted;
  const median = sorted[Math.floor((sorted.length - 1) / 2)];
  const max = sorted.at(-1);
  return min === undefined || median === undefined || max === undefined ? null : { min, median, max };
}

/** kafka-drain's rate divided by the program's, for each round in which both were right. */
export function ratiosOf(runs: readonly RunFigures[], workload: string, program: string): number[] {
  const rate = (name: string, round: number): number | null =>
    runs.find((run) => run.workload === workload && run.program === name && run.round === round)
      ?.recordsPerSecond ?? null;
  return roundsOf(runs, workload, program).flatMap((round) => {
    const [ours, theirs] = [rate(SUBJECT, round), rate(program, round)];
    return ours === null || theirs === null ? [] : [ours / theirs];
  });
}

function roundsOf(runs: readonly RunFigures[], workload: string, program: string): number[] {
  return runs.filter((run) => run.workload === workload && run.program === program).map(({ round }) => round);
}

/** In each round the faster one of these: what kafka-drain is to be compared with is the connector at its best. */
export const BEST = { program: 'connect-best', of: ['connect-tuned', 'connect-default'] } as const;

/** The faster right run of each round in which all settings took part, under the name of {@link BEST}. */
function bestRuns(runs: readonly RunFigures[]): RunFigures[] {
  const [first] = BEST.of;
  const rounds = runs.filter(({ program }) => program === first);
  return rounds.flatMap(({ workload, round }) => {
    const all = BEST.of.flatMap((name) =>
      runs.filter((run) => isOf(run, workload, name) && run.round === round),
    );
    if (all.length < BEST.of.length) return [];
    const [best] = all
      .filter(({ recordsPerSecond }) => recordsPerSecond !== null)
      .sort((a, b) => (b.recordsPerSecond ?? 0) - (a.recordsPerSecond ?? 0));
    return best === undefined ? [] : [{ ...best, program: BEST.program }];
  });
}

/** In the order in which workloads come, kafka-drain before the others, the best of the connector's settings last. */
export function summarize(measured: readonly RunFigures[]): SummaryRow[] {
  const runs = [...measured, ...bestRuns(measured)];
  const workloads = [...new Set(runs.map(({ workload }) => workload))];
  const programs = [...new Set([SUBJECT, ...runs.map(({ program }) => program)])];
  return workloads.flatMap((workload) =>
    programs
      .map((program) => ({ program, own: runs.filter((run) => isOf(run, workload, program)) }))
      .filter(({ own }) => own.length > 0)
      .map(({ program, own }) => rowOf(workload, program, own, ratiosOf(runs, workload, program))),
  );
}

function isOf(run: RunFigures, workload: string, program: string): boolean {
  return run.workload === workload && run.program === program;
}

function rowOf(
  workload: string,
  program: string,
  runs: readonly RunFigures[],
  ratios: readonly number[],
): SummaryRow {
  const right = runs.filter(({ wrong }) => wrong === 0);
  const spread = (value: (run: RunFigures) => number | null): Spread | null => spreadOf(right.map(value));
  const perRecord = (seconds: (run: RunFigures) => number | null): Spread | null =>
    spread((run) => {
      const used = seconds(run);
      return used === null || run.records === 0 ? null : (used * 1_000_000) / run.records;
    });
  return {
    workload,
    program,
    rounds: runs.length,
    wrongRounds: runs.length - right.length,
    mostWrong: Math.max(0, ...runs.map(({ wrong }) => wrong)),
    recordsPerSecond: spread(({ recordsPerSecond }) => recordsPerSecond),
    // A program that was right in some rounds only has no speed in any.
    ratio: program === SUBJECT || right.length < runs.length ? null : spreadOf(ratios),
    firstWriteMs: spread(({ firstWriteMs }) => firstWriteMs),
    wholeMs: spread(({ wholeMs }) => wholeMs),
    startUpMs: spread(({ startUpMs }) => startUpMs),
    clientMicroseconds: perRecord(({ cpu }) => cpu.clientInWindow),
    mongodMicroseconds: perRecord(({ cpu }) => cpu.mongod),
    kafkaMicroseconds: perRecord(({ cpu }) => cpu.kafka),
    peakMegabytes: spread(({ peakMemoryBytes }) => peakMemoryBytes / 1_000_000),
    times: timesOf(right),
  };
}

function timesOf(runs: readonly RunFigures[]): Record<string, Spread> {
  const names = [...new Set(runs.flatMap(({ times }) => Object.keys(times)))];
  return Object.fromEntries(
    names.flatMap((name) => {
      const spread = spreadOf(runs.map(({ times }) => times[name] ?? null));
      return spread === null ? [] : [[name, spread]];
    }),
  );
}

const HEADER = [
  'workload',
  'program',
  'records/s',
  'kafka-drain is × faster',
  'first write',
  'whole',
  'start-up',
  'client µs',
  'mongod µs',
  'broker µs',
  'peak MB',
];

/** Medians; ratios as min / median / max. CPU is per record, times are in milliseconds. */
export function describeSummary(rows: readonly SummaryRow[]): string {
  return table(HEADER, rows.map(cellsOf));
}

function cellsOf(row: SummaryRow): Cell[] {
  const median = (spread: Spread | null): number | null =>
    spread === null ? null : Math.round(spread.median);
  const rate: Cell =
    row.wrongRounds > 0 ? `wrong: ${String(row.mostWrong)} documents` : rateCell(row.recordsPerSecond);
  return [
    row.workload,
    row.program,
    rate,
    row.ratio === null ? null : describeSpread(row.ratio),
    median(row.firstWriteMs),
    median(row.wholeMs),
    median(row.startUpMs),
    median(row.clientMicroseconds),
    median(row.mongodMicroseconds),
    median(row.kafkaMicroseconds),
    median(row.peakMegabytes),
  ];
}

function rateCell(rate: Spread | null): Cell {
  if (rate === null) return null;
  return rate.median < SLOW ? rate.median.toFixed(1) : Math.round(rate.median);
}

/** Fewer records per second than this have a digit after the point. */
const SLOW = 10;

function describeSpread({ min, median, max }: Spread): string {
  return [min, median, max].map((value) => value.toFixed(2)).join(' / ');
}
