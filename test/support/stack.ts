import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinaries } from '../../stack/binaries.js';
import { kafkaTool, type ToolResult } from '../../stack/kafka.js';
import type { StackAddresses } from '../../stack/stack.js';
import { STACK_VARIABLE } from '../../stack/test-runner.js';

/**
 * Addresses of the servers that `npm test` started for all test files together: use names of your own for topics, groups,
 * databases and schedules. To run one compiled test by hand, set `KAFKA_DRAIN_TEST_STACK` to the line that
 * `npm run stack -- --json` prints: `KAFKA_DRAIN_TEST_STACK="$(cat addresses.json)" node --test dist/test/….test.js`.
 */
export function stackFromEnvironment(): StackAddresses {
  const text = process.env[STACK_VARIABLE];
  if (!text)
    throw new Error(`${STACK_VARIABLE} is not set: run tests with \`npm test -- <part of the path>\`.`);
  return JSON.parse(text) as StackAddresses;
}

/** Runs one of Kafka's own command line tools with the given arguments; see `stack/kafka.ts`. */
export function runKafkaTool(mainClass: string, args: readonly string[]): Promise<ToolResult> {
  return kafkaTool(findBinaries(), mainClass, args);
}

/** A folder for servers of a test's own; the returned function removes it. */
export function temporaryFolder(name: string): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), `kafka-drain-${name}-`));
  return {
    path,
    remove: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
}
