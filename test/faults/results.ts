import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryFolder } from '../../stack/binaries.js';
import type { Tally } from './episode.js';

/** Accumulated over all invocations, in `test/faults/results.json`. */
export interface Results {
  variants: Record<string, VariantTotals>;
  invocations: Invocation[];
}

export interface VariantTotals {
  episodes: number;
  times: number;
  kills: number;
  records: number;
  violations: number;
  worstRecoveryMs: number;
}

/** Where numbers come from. */
export interface Invocation {
  commit: string;
  /** ISO 8601. */
  date: string;
  seed: number;
  /** What was typed after `npm run faults --`. */
  options: string;
  minutes: number;
  episodes: number;
  kills: number;
  records: number;
  violations: number;
}

const FILE = join(repositoryFolder, 'test', 'faults', 'results.json');

export const NO_TOTALS: Readonly<VariantTotals> = {
  episodes: 0,
  times: 0,
  kills: 0,
  records: 0,
  violations: 0,
  worstRecoveryMs: 0,
};

export function readResults(): Results {
  if (!existsSync(FILE)) return { variants: {}, invocations: [] };
  return JSON.parse(readFileSync(FILE, 'utf8')) as Results;
}

/** By rename: a reader never sees half a file. */
export function writeResults(results: Results): void {
  writeFileSync(`${FILE}.new`, `${JSON.stringify(results, null, 2)}\n`);
  renameSync(`${FILE}.new`, FILE);
}

/** The commit that is checked out; with `+` where files differ from it. */
export function currentCommit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: repositoryFolder, encoding: 'utf8' }).trim();
  try {
    const changed =
      git('status', '--porcelain', '--untracked-files=no', '--', 'src', 'package-lock.json') !== '';
    return `${git('rev-parse', '--short=10', 'HEAD')}${changed ? '+' : ''}`;
  } catch {
    return 'unknown';
  }
}

/** Adds an episode to the totals of its variant and of the invocation it belongs to. */
export function addEpisode(results: Results, variant: string, invocation: Invocation, tally: Tally): void {
  const { times, kills, records, recoveryMs, violation } = tally;
  const violations = violation === null ? 0 : 1;
  const before = results.variants[variant] ?? NO_TOTALS;
  results.variants[variant] = {
    episodes: before.episodes + 1,
    times: before.times + times,
    kills: before.kills + kills,
    records: before.records + records,
    violations: before.violations + violations,
    worstRecoveryMs: Math.max(before.worstRecoveryMs, recoveryMs),
  };
  invocation.episodes += 1;
  invocation.kills += kills;
  invocation.records += records;
  invocation.violations += violations;
}
