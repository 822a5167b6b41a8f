import { once } from 'node:events';
import type { Place } from '../../support/faults.js';
import type { WorkerChild } from '../../support/scenario.js';
import { until } from '../../support/until.js';
import { inLane, recovered, type Tally, type Variant } from '../episode.js';
import { endOf, isAlive, untilProgress, type Lane } from '../lane.js';

const ROUNDS = 3;
const RECORDS = 8_000;

const PLACES: readonly { place: Place; what: string }[] = [
  { place: 'in-batch', what: 'with a batch in hand' },
  { place: 'after-dead-letters', what: 'about to write documents' },
  { place: 'after-write', what: 'about to commit' },
];

/** F2: a worker frozen past every timeout wakes up when others have long gone on. */
export const zombieVariants: readonly Variant[] = PLACES.map(({ place, what }) => ({
  fault: 'F2',
  name: `zombie ${place}`,
  what: `SIGSTOP of a worker ${what}, another one finishes and drains newer records, then SIGCONT`,
  needs: 'nothing',
  goal: 10,
  run: (episode) =>
    inLane(episode, { watch: true }, async (lane, tally) => {
      for (let round = 0; round < ROUNDS; round += 1) await zombieRound(lane, tally, place);
    }),
}));

async function zombieRound(lane: Lane, tally: Tally, place: Place): Promise<void> {
  const { faults, random } = lane;
  await lane.produce({ records: RECORDS, ids: RECORDS / 4, bad: 0.02 });
  const time = random.integer(1, 6);
  faults.arm({ batchRecords: 200, strike: { place, action: 'hold', attempt: 'any', time } });
  for (const worker of lane.workers.filter(isAlive)) await worker.kill('SIGTERM');
  const zombie = await lane.startWorker();
  const run = await lane.ensureRun();
  await faults.struck();
  await freeze(zombie, random.chance(0.3));
  const recovery = untilProgress(lane, run);
  await lane.startWorker();
  recovered(tally, await recovery);
  await endOf(run);
  // Newer versions of what the zombie has in hand.
  await lane.produce({ records: RECORDS / 2, ids: RECORDS / 4 });
  await endOf(await lane.ensureRun());
  const death = once(zombie.process, 'exit');
  faults.letGo();
  zombie.process.kill('SIGCONT');
  zombie.process.kill('SIGTERM');
  await death;
  tally.times += 1;
}

/**
 * Mostly while it shuts down: a worker frozen at work is for a while handed tasks of later attempts, which then end by their
 * timeouts.
 */
async function freeze(zombie: WorkerChild, atWork: boolean): Promise<void> {
  if (!atWork) {
    zombie.process.kill('SIGTERM');
    await until('the zombie to shut down', () => Promise.resolve(zombie.log().includes('DRAINING') || null));
  }
  zombie.process.kill('SIGSTOP');
}
