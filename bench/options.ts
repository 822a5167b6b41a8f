/** What can be asked of the bench. */
import type { Program } from './program.js';
import { WORKLOADS, type Workload } from './workloads.js';

export interface BenchOptions {
  readonly workloads: readonly Workload[];
  /** Names of programs beside kafka-drain. */
  readonly peers: readonly string[];
  readonly records: number;
  readonly rounds: number;
  readonly partitions: number;
  /** Bytes of a value, if not the workload's own. */
  readonly bytes: number | undefined;
  /** The topics' `compression.type`: the broker compresses what is produced; `undefined`: it doesn't. */
  readonly compression: string | undefined;
  readonly joinDelayMs: number;
  /** Where the figures go; nowhere where there is none. */
  readonly out: string | undefined;
}

/** As the command line gives them. */
export interface BenchFlags {
  readonly workloads?: string | undefined;
  readonly peers?: string | undefined;
  readonly records?: string | undefined;
  readonly rounds?: string | undefined;
  readonly partitions?: string | undefined;
  readonly bytes?: string | undefined;
  readonly compression?: string | undefined;
  readonly 'join-delay'?: string | undefined;
  readonly out?: string | undefined;
  readonly quick?: boolean | undefined;
}

const DEFAULT_RECORDS = 200_000;
const DEFAULT_ROUNDS = 3;
const QUICK_RECORDS = 20_000;
const DEFAULT_PARTITIONS = 6;
const COMPRESSIONS = ['gzip', 'snappy', 'lz4', 'zstd'];

/** Throws with the names that there are, where one is unknown. `peers`: all that there are. */
export function optionsFrom(
  flags: BenchFlags,
  peers: readonly Pick<Program, 'name' | 'isExtra'>[],
  date: Date,
): BenchOptions {
  const quick = flags.quick === true;
  const wanted = listed('workloads', flags.workloads, namesOf(WORKLOADS));
  const usual = peers.filter(({ isExtra }) => isExtra !== true);
  return {
    workloads: WORKLOADS.filter(({ name }) => wanted.includes(name)),
    peers: flags.peers === '' ? [] : listed('peers', flags.peers, namesOf(peers), namesOf(usual)),
    records: numbered('records', flags.records, quick ? QUICK_RECORDS : DEFAULT_RECORDS),
    rounds: numbered('rounds', flags.rounds, quick ? 1 : DEFAULT_ROUNDS),
    partitions: numbered('partitions', flags.partitions, DEFAULT_PARTITIONS),
    bytes: flags.bytes === undefined ? undefined : numbered('bytes', flags.bytes, 1),
    compression:
      flags.compression === undefined ? undefined : oneOf('compression', flags.compression, COMPRESSIONS),
    joinDelayMs: numbered('join-delay', flags['join-delay'], 0, 0),
    out: flags.out ?? (quick ? undefined : `bench/results/${fileDate(date)}.json`),
  };
}

/** `2026-01-31T15-04`: sorts by time, and is a file name everywhere. */
function fileDate(date: Date): string {
  return date.toISOString().slice(0, 16).replaceAll(':', '-');
}

function namesOf(named: readonly { readonly name: string }[]): string[] {
  return named.map(({ name }) => name);
}

function listed(
  flag: string,
  text: string | undefined,
  known: readonly string[],
  otherwise = known,
): readonly string[] {
  return text === undefined ? otherwise : text.split(',').map((name) => oneOf(flag, name, known));
}

function oneOf(flag: string, name: string, known: readonly string[]): string {
  if (known.includes(name)) return name;
  throw new Error(`--${flag}: there is no ${name}; there are ${known.join(', ')}.`);
}

function numbered(flag: string, text: string | undefined, otherwise: number, least = 1): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least) {
    throw new Error(`--${flag} must be a whole number of at least ${String(least)}, not ${text}.`);
  }
  return value;
}

/** Everybody comes first, last and between in turn, so that no program always finds the warmer servers. */
export function rotated<T>(items: readonly T[], by: number): T[] {
  const from = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(from), ...items.slice(0, from)];
}
