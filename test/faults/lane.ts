import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunResult } from '../../src/contract.js';
import { createRandom, type Random } from '../simulator/random.js';
import { faultsOf, FAULTY_THREAD, type FaultControl } from '../support/faults.js';
import {
  createScenario,
  RunFailed,
  type Run,
  type Scenario,
  type ScenarioOptions,
} from '../support/scenario.js';
import type { WorkerChild } from '../support/worker-child.js';
import { makeRecords, type DataOptions } from './data.js';
import type { LogRecord } from './oracle/log.js';
import { violation, type Violation } from './oracle/violation.js';
import { patiently } from './retry.js';
import type { World } from './world.js';

/** One pipeline under test, with everything that is known of it. */
export interface Lane {
  world: World;
  scenario: Scenario;
  random: Random;
  faults: FaultControl;
  workers: WorkerChild[];
  /** What earlier incarnations of the topic held, or what has been deleted since; part of the oracle's log. */
  gone: LogRecord[];
  epoch: number;
  /** Whether no two runs overlap. */
  exact: boolean;
  /** A part of the records may come twice where the broker went away meanwhile. */
  produce: (options: DataOptions) => Promise<void>;
  /** Starts a worker that obeys the armed faults, again if a server isn't there. */
  startWorker: () => Promise<WorkerChild>;
  /** The run that is under way, or a new one. */
  ensureRun: () => Promise<Run>;
  /** Adds up the committed offsets; -1 where nobody answers. */
  progress: () => Promise<number>;
  close: () => Promise<void>;
}

/** Short enough that a killed worker is missed soon; a machine that is busy with other episodes still keeps them. */
const LIMITS = { heartbeatTimeout: '9s', stallTimeout: '8s' };

export async function openLane(
  world: World,
  seed: number,
  options: ScenarioOptions & { documentId?: 'coordinates' } = {},
): Promise<Lane> {
  const random = createRandom(seed);
  const scenario = await patiently('a new pipeline', () =>
    createScenario({ ...options, pipeline: { limits: LIMITS, ...options.pipeline } }),
  );
  const faults = faultsOf(scenario);
  const workers: WorkerChild[] = [];
  return {
    ...{ world, scenario, random, faults, workers },
    gone: [],
    epoch: 1,
    exact: true,
    produce: async (data) => {
      const records = makeRecords(random, data);
      await patiently('records to be produced', () => scenario.produce(records));
    },
    startWorker: async () => {
      const worker = await patiently('a worker', () => scenario.startWorker(FAULTY_THREAD));
      workers.push(worker);
      return worker;
    },
    ensureRun: () => patiently('a run', () => ensureRun(scenario)),
    progress: async () => {
      const offsets = await scenario.committed().catch(() => []);
      return offsets.reduce((sum, offset) => sum + Math.max(0, Number(offset)), offsets.length > 0 ? 0 : -1);
    },
    close: () => scenario.close(),
  };
}

async function ensureRun(scenario: Scenario): Promise<Run> {
  const newest = await scenario.newestRun();
  if (newest !== null && (await isOpen(newest))) return newest;
  return scenario.trigger();
}

export async function isOpen({ handle }: Run): Promise<boolean> {
  return (await handle.describe()).status.name === 'RUNNING';
}

/** How a run ended; a failure that a fault explains is no error. */
export type Ending = { result: RunResult } | { failure: Error };

/** Waits for the end of a run, whatever becomes of the servers meanwhile. */
export async function endOf(run: Run): Promise<Ending> {
  const late = new AbortController();
  const tooLate = sleep(END_LIMIT_MS, undefined, { signal: late.signal, ref: false }).then(
    () => Promise.reject(new Error(`run ${run.workflowId} does not end`)),
    () => new Promise<never>(() => undefined),
  );
  try {
    return await Promise.race([patiently('the end of a run', () => endingOf(run)), tooLate]);
  } finally {
    late.abort();
  }
}

/** Above the hard kill of every attempt that a pipeline here may need. */
const END_LIMIT_MS = 600_000;

async function endingOf(run: Run): Promise<Ending> {
  try {
    return { result: await run.result() };
  } catch (error) {
    if (error instanceof RunFailed || (error as Error).name === 'WorkflowFailedError')
      return { failure: error as Error };
    throw error;
  }
}

/** Whether the worker was killed before the run ended. */
export async function diesBefore(worker: WorkerChild, run: Run): Promise<boolean> {
  const { process: child } = worker;
  const death = child.signalCode !== null ? Promise.resolve() : once(child, 'exit').then(() => undefined);
  await Promise.race([death, endOf(run)]);
  return child.signalCode === 'SIGKILL';
}

/** How often runs of a pipeline may fail after everything has healed: the one that was under way may have used up its attempts. */
const RUNS_THAT_MAY_FAIL = 1;

/**
 * Lets the pipeline heal: no faults any more, a fresh worker, and runs until one has reached the end. I7: that is the next run
 * after the one that the fault met.
 */
export async function heal(lane: Lane, { freshWorker = true } = {}): Promise<Violation | null> {
  lane.faults.arm({});
  if (freshWorker) {
    await Promise.all(lane.workers.map((worker) => worker.kill('SIGKILL')));
    await lane.startWorker();
  }
  for (let failed = 0; ; failed += 1) {
    const run = await lane.ensureRun();
    const ending = await endOf(run);
    const reached = 'result' in ending && isAtEnd(ending.result);
    if (reached) return null;
    if (failed < RUNS_THAT_MAY_FAIL) continue;
    const how =
      'result' in ending
        ? `${ending.result.stopReason}, lag ${String(ending.result.lagAfter)}`
        : String(ending.failure);
    return violation('I7', `run ${run.workflowId} after healing did not reach its end: ${how}`);
  }
}

function isAtEnd({ stopReason, lagAfter }: RunResult): boolean {
  return (stopReason === 'drained' || stopReason === 'nothing-to-do') && lagAfter === 0;
}

/** How long a worker may take to shut down: above the grace of a batch in hand, below its own forced end. */
const SHUTDOWN_LIMIT_MS = 60_000;

/** I8: every worker that lives ends by itself when it is told to. */
export async function shutDown({ workers }: Lane): Promise<Violation | null> {
  for (const worker of workers.filter(isAlive)) {
    const ended = await Promise.race([
      worker.kill('SIGTERM').then(() => true),
      sleep(SHUTDOWN_LIMIT_MS, false, { ref: false }),
    ]);
    if (ended && worker.process.exitCode === 0) continue;
    const { exitCode, signalCode } = worker.process;
    const how = ended ? `ended with ${String(exitCode ?? signalCode)}` : 'did not end';
    return violation('I8', `a worker ${how} after SIGTERM: ${worker.log().slice(-500)}`);
  }
  return null;
}

export function isAlive({ process: { exitCode, signalCode } }: WorkerChild): boolean {
  return exitCode === null && signalCode === null;
}

/** Milliseconds from now until a commit moves, or until the run has ended because nothing is left to move. */
export async function untilProgress(lane: Lane, run: Run): Promise<number> {
  const startedMs = performance.now();
  let before = await lane.progress();
  for (let asked = 1; ; asked += 1) {
    const now = await lane.progress();
    if (before < 0) before = now;
    if (now > before) break;
    // Much dearer than the offsets.
    if (asked % 4 === 0 && !(await isOpen(run).catch(() => true))) break;
    await sleep(200);
  }
  return performance.now() - startedMs;
}
