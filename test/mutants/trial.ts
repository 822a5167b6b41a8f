import { setMaxListeners } from 'node:events';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';

/** What to run: test files by their paths, all their tests or those whose title matches. */
export interface Trial {
  readonly files: readonly string[];
  readonly only?: string | undefined;
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly signal: AbortSignal;
}

export interface TrialResult {
  /** Tests that passed; with a failure, only those until then. */
  passed: number;
  /** The first failure; what had not run by then was left out. */
  failure: Failure | null;
}

export interface Failure {
  /** The test's title, or the path of a file that ended without saying which test failed. */
  title: string;
  message: string;
  kind: 'failed' | 'hung' | 'broken';
}

/** Errors that a changed text causes which is no program, rather than one with a bug. */
const NOT_A_BUG: ReadonlySet<string> = new Set(['ReferenceError', 'SyntaxError']);

interface ReportedError extends Error {
  failureType?: string;
  cause?: unknown;
}

/** Runs test files by Node's test runner, each in a process of its own, until the first failure. */
export async function runTrial({ files, only, timeoutMs, concurrency, signal }: Trial): Promise<TrialResult> {
  const enough = new AbortController();
  const result: TrialResult = { passed: 0, failure: null };
  const stop = AbortSignal.any([signal, enough.signal]);
  setMaxListeners(0, stop);
  const events = run({
    files: [...files],
    concurrency,
    timeout: timeoutMs,
    signal: stop,
    ...(only === undefined ? {} : { testNamePatterns: [new RegExp(only)] }),
  });
  events.on('test:pass', ({ name, details, skip }) => {
    if (details.type !== 'suite' && skip === undefined && !isFile(name)) result.passed += 1;
  });
  events.on('test:fail', ({ name, details }) => {
    if (details.type === 'suite' || result.failure !== null) return;
    result.failure = failureOf(name, details.error, result.passed);
    enough.abort();
  });
  // Whoever listens to the events must read the stream, too, or it stands still.
  await finished(events.resume());
  return result;
}

function failureOf(title: string, error: ReportedError, passed: number): Failure {
  const cause = error.cause instanceof Error ? error.cause : error;
  const [message = ''] = cause.message.split('\n');
  if (error.failureType === 'testTimeoutFailure') return { title, message, kind: 'hung' };
  const broken = NOT_A_BUG.has(cause.name) || (isFile(title) && passed === 0);
  return { title, message, kind: broken ? 'broken' : 'failed' };
}

/** A file without tests, or one whose process crashed, is reported as if it were a test itself. */
function isFile(name: string): boolean {
  return name.endsWith('.test.js');
}
