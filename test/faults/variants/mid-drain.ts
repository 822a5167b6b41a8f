import { endOf, isAlive, untilProgress, type Lane } from '../lane.js';
import { recovered, type Tally } from '../episode.js';
import type { Run } from '../../support/scenario.js';

/** A fault that lasts. */
export interface Blow {
  /** Resolves when the fault has taken effect. */
  begin: () => Promise<void> | void;
  /** Resolves when whatever was broken works again. */
  end?: () => Promise<void> | void;
}

export interface MidDrain {
  records?: number;
  batchRecords?: number;
  batchDelayMs?: number;
}

/** Gives every pipeline something to do, and waits until its run has committed some of it. */
export async function underWay(lane: Lane, options: MidDrain = {}): Promise<Run> {
  const { records = 4_000, batchRecords = 100, batchDelayMs = 250 } = options;
  await lane.produce({ records, ids: lane.random.pick([500, 4_000]) });
  lane.faults.arm({ batchRecords, batchDelayMs });
  if (!lane.workers.some(isAlive)) await lane.startWorker();
  const run = await lane.ensureRun();
  await untilProgress(lane, run);
  return run;
}

/** Strikes while all pipelines are being drained, and waits until their runs have ended, well or not. */
export async function strikeMidDrain(
  lanes: readonly Lane[],
  tally: Tally,
  blow: Blow,
  options?: MidDrain,
): Promise<void> {
  const runs = await Promise.all(lanes.map((lane) => underWay(lane, options)));
  await blow.begin();
  const recoveries = lanes.map((lane, index) => untilProgress(lane, runs[index] ?? failNoRun()));
  await blow.end?.();
  tally.times += 1;
  for (const ms of await Promise.all(recoveries)) recovered(tally, ms);
  await Promise.all(runs.map(endOf));
}

function failNoRun(): never {
  throw new Error('a pipeline has no run');
}
