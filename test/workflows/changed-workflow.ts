import { sleep } from '@temporalio/workflow';
import { runDrain as current } from '../../src/workflows/index.js';

/** The workflow with a change that breaks runs under way: a timer before everything else. */
export async function runDrain(...args: Parameters<typeof current>): ReturnType<typeof current> {
  await sleep(1_000);
  return current(...args);
}
