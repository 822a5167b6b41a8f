/** Several workers of one process: one life, one end. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from '@temporalio/worker';
import { DrainError } from '../errors.js';

const LOOK_MS = 100;
/** What the SDK's core still has to do behind a worker that has ended. */
const FINALIZE_MS = 5_000;

type State = ReturnType<Worker['getState']>;

/**
 * Runs them until they are told to stop. Where one fails, the others stop as well, in their own time; then its error is thrown.
 *
 * The states are looked at since `run()` of a failed worker may never end: where polls are refused for a minute, the SDK's
 * core (1.24) waits for others that nobody makes any more.
 */
export async function runTogether(workers: readonly Worker[], finalizeMs = FINALIZE_MS): Promise<void> {
  const running = Promise.allSettled(workers.map((worker) => worker.run()));
  const untilStates = async (fit: (states: State[]) => boolean): Promise<void> => {
    while (!fit(statesOf(workers))) await delay(LOOK_MS);
  };
  await untilStates((states) => states.includes('FAILED') || states.every(isOver));
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  await untilStates((states) => states.every(isOver));
  const finalized = new AbortController();
  const limit = delay(finalizeMs, [], { signal: finalized.signal });
  const ends = await Promise.race([running, limit]).finally(() => finalized.abort());
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  if (statesOf(workers).includes('FAILED')) {
    throw new DrainError('UNEXPECTED', 'A worker has failed; its log says why, at "Worker failed"');
  }
}

export function statesOf(workers: readonly Worker[]): State[] {
  return workers.map((worker) => worker.getState());
}

function isOver(state: State): boolean {
  return state === 'STOPPED' || state === 'FAILED';
}
