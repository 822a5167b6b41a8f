import type { Action } from '../../support/faults.js';
import { inLane, recovered, type Variant } from '../episode.js';
import { endOf, isAlive, untilProgress } from '../lane.js';

const ROUNDS = 3;

const ACTIONS: readonly { action: Action; what: string }[] = [
  { action: 'never-return', what: 'never returns' },
  { action: 'loop', what: 'blocks the event loop for ever' },
  { action: 'throw', what: 'throws' },
  { action: 'eat-memory', what: 'fills the heap' },
];

/** F9: a step of the drain that misbehaves; there are no user transforms, so it is put into the drain thread. */
export const stepVariants: readonly Variant[] = ACTIONS.map(({ action, what }) => ({
  fault: 'F9',
  name: action,
  what: `a step of the drain thread ${what}`,
  needs: 'nothing',
  goal: 10,
  run: (episode) =>
    inLane(episode, { watch: true, worker: { threadHeapMb: 128 } }, async (lane, tally) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        await lane.produce({ records: 6_000, ids: 2_000, bad: 0.01 });
        const place = lane.random.pick(['before-join', 'in-batch', 'after-decode', 'after-write'] as const);
        const time = place === 'before-join' ? 1 : lane.random.integer(1, 5);
        lane.faults.arm({ batchRecords: 200, strike: { place, action, attempt: 'any', time } });
        if (!lane.workers.some(isAlive)) await lane.startWorker();
        const run = await lane.ensureRun();
        await lane.faults.struck();
        tally.times += 1;
        recovered(tally, await untilProgress(lane, run));
        await endOf(run);
      }
    }),
}));
