import { setMaxListeners } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { repositoryFolder } from './binaries.js';
import { untilStopped } from './signals.js';
import { startStack } from './stack.js';

/** Environment variable with the addresses of the shared servers as JSON, for the test files' processes. */
export const STACK_VARIABLE = 'KAFKA_DRAIN_TEST_STACK';
/** Environment variable with the folder of the servers' logs, where tests keep those of their workers, too. */
export const LOGS_VARIABLE = 'KAFKA_DRAIN_TEST_LOGS';

/** What to run, and how. */
export interface TestOptions {
  /** Only files whose path below `test/` contains one of these; all files if empty. */
  readonly filters: readonly string[];
  /** Limit of one test file in seconds. */
  readonly timeoutSeconds: number;
  /** Test files that run at the same time. */
  readonly concurrency: number;
}

/** Counts of tests (not of suites or files). */
export interface TestCounts {
  passed: number;
  failed: number;
  skipped: number;
}

const TESTS = join(repositoryFolder, 'dist', 'test');

/**
 * Starts throwaway servers on free ports, runs the compiled test files against them, stops the servers in every case.
 * @returns the exit code: 0 only if at least one test ran and none failed
 */
export async function runTests(options: TestOptions): Promise<number> {
  const files = testFiles(options.filters);
  if (files.length === 0) throw new Error(`No test file's path contains ${options.filters.join(' or ')}.`);
  const cancelled = new AbortController();
  void untilStopped().then((cause) => {
    cancelled.abort(new Error(`stopped by ${cause}`));
  });
  const folder = mkdtempSync(join(tmpdir(), 'kafka-drain-test-'));
  const counts = await withStack(folder, () => runFiles(files, options, cancelled.signal));
  const good = counts.failed === 0 && counts.passed > 0 && !cancelled.signal.aborted;
  if (good) rmSync(folder, { recursive: true, force: true });
  else console.log(`The servers' data and logs are kept in ${folder}`);
  if (counts.passed + counts.failed === 0) console.log('No test was executed.');
  console.log(describeCounts(counts));
  return good ? 0 : 1;
}

/** The closing line, `N passed, N failed`, with the skipped ones only if there are some. */
export function describeCounts({ passed, failed, skipped }: TestCounts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** Runs the action beside servers whose addresses are where test files look for them. */
export async function withStack<T>(folder: string, action: () => Promise<T>): Promise<T> {
  const stack = await startStack({ folder });
  process.env[STACK_VARIABLE] = JSON.stringify(stack.addresses);
  process.env[LOGS_VARIABLE] = folder;
  try {
    return await action();
  } finally {
    await stack.stop();
  }
}

async function runFiles(files: string[], options: TestOptions, signal: AbortSignal): Promise<TestCounts> {
  const counts: TestCounts = { passed: 0, failed: 0, skipped: 0 };
  // Inherited by the test files' processes: traces then name lines of the TypeScript sources.
  process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --enable-source-maps`.trim();
  const { concurrency, timeoutSeconds } = options;
  // Every file listens to it.
  setMaxListeners(0, signal);
  const events = run({ files, concurrency, timeout: timeoutSeconds * 1000, signal });
  events.on('test:pass', (event) => {
    if (event.details.type === 'suite' || isFile(event.name)) return;
    if (event.skip !== undefined || event.todo !== undefined) counts.skipped += 1;
    else counts.passed += 1;
  });
  events.on('test:fail', (event) => {
    if (event.details.type !== 'suite') counts.failed += event.todo === undefined ? 1 : 0;
  });
  const report = events.pipe(new spec());
  report.pipe(process.stdout, { end: false });
  await finished(report);
  return counts;
}

// A file without tests, or one that crashed, is reported as if it were a test itself.
function isFile(name: string): boolean {
  return name.endsWith('.test.js');
}

function testFiles(filters: readonly string[]): string[] {
  return readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.js'))
    .filter((path) => filters.length === 0 || filters.some((part) => path.includes(part)))
    .map((path) => join(TESTS, path))
    .sort();
}
