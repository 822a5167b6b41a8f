import type { RunResult } from '../../src/contract.js';
import { RunFailed } from './scenario.js';

/** What a run failed with; it is an error of the test if the run succeeded. */
export async function failureOf(result: Promise<RunResult>): Promise<RunFailed> {
  const failure: unknown = await result.catch((error: unknown) => error);
  if (failure instanceof RunFailed) return failure;
  throw failure instanceof Error ? failure : new Error(`the run succeeded: ${JSON.stringify(failure)}`);
}
