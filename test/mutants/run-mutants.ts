import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { untilStopped } from '../../stack/signals.js';
import { withStack } from '../../stack/test-runner.js';
import { MUTANTS } from './list/all.js';
import type { Mutant } from './mutant.js';
import { runTrial, type Failure } from './trial.js';
import { openWorkshop, type Workshop } from './workshop.js';

/** What to try, and how. */
export interface MutantOptions {
  /** Only mutants whose name, bug or file contains one of these; all if empty. */
  readonly filters: readonly string[];
  /** Only prints their names. */
  readonly list: boolean;
}

/** Mutants tried at the same time, each in a copy of its own. */
const PARALLEL = 2;
/** Of a single test file; hung ones count as caught. */
const TIMEOUT_MS = 60_000;

type Verdict = { mutant: Mutant; failure: Failure | null };

/**
 * Switches on one bug after the other in a copy of the compiled code and runs the tests that should notice.
 * @returns the exit code: 0 only if every one was caught and the tests pass without any.
 */
export async function runMutants({ filters, list }: MutantOptions): Promise<number> {
  const chosen = MUTANTS.filter((mutant) => isChosen(mutant, filters));
  if (chosen.length === 0) throw new Error(`No mutant's name or bug contains ${filters.join(' or ')}.`);
  if (list) {
    for (const mutant of chosen) console.log(describe(mutant));
    return 0;
  }
  const stopped = new AbortController();
  void untilStopped().then(() => {
    stopped.abort();
  });
  const startedMs = performance.now();
  const verdicts = await withServers(
    chosen.some(({ servers }) => servers),
    () => tryAll(chosen, stopped.signal),
  );
  if (verdicts === null) return 1;
  const missed = verdicts.filter((verdict) => !isCaught(verdict));
  for (const { mutant, failure } of missed) console.log(`${outcomeText(failure)}: ${describe(mutant)}`);
  const caught = verdicts.length - missed.length;
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  console.log(`${caught} of ${chosen.length} caught in ${seconds} s`);
  return caught === chosen.length ? 0 : 1;
}

function isChosen({ name, bug, edits }: Mutant, filters: readonly string[]): boolean {
  const texts = [name, bug ?? '', ...edits.map(({ file }) => file)];
  return filters.length === 0 || filters.some((part) => texts.some((text) => text.includes(part)));
}

function describe({ name, bug }: Mutant): string {
  return bug === null ? name : `${name} [${bug}]`;
}

async function withServers<T>(needed: boolean, action: () => Promise<T>): Promise<T> {
  if (!needed) return action();
  const folder = mkdtempSync(join(tmpdir(), 'kafka-drain-mutants-servers-'));
  try {
    return await withStack(folder, action);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `null`: the tests fail already without any mutant, so that the score would mean nothing. */
async function tryAll(mutants: readonly Mutant[], signal: AbortSignal): Promise<Verdict[] | null> {
  const workshops = Array.from({ length: PARALLEL }, openWorkshop);
  try {
    const [first] = workshops;
    if (first === undefined || !(await passesWithout(first, mutants, signal))) return null;
    const queue = mutants.values();
    const verdicts: Verdict[] = [];
    const work = async (workshop: Workshop): Promise<void> => {
      for (const mutant of queue) {
        if (signal.aborted) return;
        verdicts.push(await tryOne(workshop, mutant, signal));
      }
    };
    await Promise.all(workshops.map(work));
    return verdicts;
  } finally {
    for (const workshop of workshops) workshop.remove();
  }
}

/** Runs every test that a mutant names, once, on the code as it is. */
async function passesWithout(
  workshop: Workshop,
  mutants: readonly Mutant[],
  signal: AbortSignal,
): Promise<boolean> {
  const groups = new Map<string | undefined, Set<string>>();
  for (const { tests, only } of mutants) {
    const group = groups.get(only) ?? new Set();
    groups.set(only, group);
    for (const name of tests) group.add(workshop.testFile(name));
  }
  let passed = 0;
  for (const [only, files] of groups) {
    const trial = await runTrial({
      files: [...files],
      only,
      timeoutMs: TIMEOUT_MS,
      concurrency: PARALLEL,
      signal,
    });
    if (trial.failure !== null || trial.passed === 0) {
      const { title, message } = trial.failure ?? { title: only ?? '', message: 'no test has this title' };
      console.log(`The tests fail without any mutant: "${title}": ${message}`);
      return false;
    }
    passed += trial.passed;
  }
  console.log(`${passed} tests pass without any mutant`);
  return true;
}

async function tryOne(workshop: Workshop, mutant: Mutant, signal: AbortSignal): Promise<Verdict> {
  const startedMs = performance.now();
  const failure = await failureWith(workshop, mutant, signal);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  if (!signal.aborted)
    console.log(`${outcomeText(failure)} (${seconds} s) ${describe(mutant)}${byWhom(failure)}`);
  return { mutant, failure };
}

async function failureWith(workshop: Workshop, mutant: Mutant, signal: AbortSignal): Promise<Failure | null> {
  let undo: () => void = () => undefined;
  try {
    undo = workshop.apply(mutant);
    const files = mutant.tests.map(workshop.testFile);
    const { only } = mutant;
    return (await runTrial({ files, only, timeoutMs: TIMEOUT_MS, concurrency: 1, signal })).failure;
  } catch (error) {
    return { title: mutant.name, message: (error as Error).message, kind: 'broken' };
  } finally {
    undo();
  }
}

function isCaught({ failure }: Verdict): boolean {
  return failure !== null && failure.kind !== 'broken';
}

function outcomeText(failure: Failure | null): string {
  if (failure === null) return 'SURVIVED';
  if (failure.kind === 'broken') return 'NO PROGRAM';
  return failure.kind === 'hung' ? 'caught by timeout' : 'caught';
}

function byWhom(failure: Failure | null): string {
  return failure === null ? '' : `\n    by "${failure.title}": ${failure.message}`;
}
