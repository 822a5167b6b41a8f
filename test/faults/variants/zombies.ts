import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Place } from '../../support/faults.js';
import { createLink, type Link } from '../../support/link.js';
import type { WorkerChild } from '../../support/worker-child.js';
import { until } from '../../support/until.js';
import { inLane, recovered, rounds, type Episode, type Tally, type Variant } from '../episode.js';
import { endOf, isAlive, untilProgress, type Lane } from '../lane.js';
import { MONGODB_VARIABLE } from '../world.js';
import { addressOf, uriOf } from './links.js';
import { underWay } from './mid-drain.js';

const ROUNDS = 3;
const RECORDS = 8_000;

const PLACES: readonly { place: Place; what: string }[] = [
  { place: 'in-batch', what: 'with a batch in hand' },
  { place: 'after-dead-letters', what: 'about to write documents' },
  { place: 'after-write', what: 'about to commit' },
];

/** F2: a worker frozen past every timeout wakes up, or its writes arrive, when others have long gone on. */
export const zombieVariants: readonly Variant[] = [
  ...PLACES.map(zombieAt),
  {
    fault: 'F2',
    name: 'late write',
    what: 'writes of a killed worker stay in the network and arrive when newer records are stored',
    needs: 'nothing',
    goal: 10,
    run: lateWrites,
  },
];

function zombieAt({ place, what }: (typeof PLACES)[number]): Variant {
  return {
    fault: 'F2',
    name: `zombie ${place}`,
    what: `SIGSTOP of a worker ${what}, another one finishes and drains newer records, then SIGCONT`,
    needs: 'nothing',
    goal: 10,
    run: (episode) =>
      inLane(episode, { watch: true }, async (lane, tally) => {
        for (let round = 0; round < rounds(episode, ROUNDS); round += 1)
          await zombieRound(lane, tally, place);
      }),
  };
}

async function zombieRound(lane: Lane, tally: Tally, place: Place): Promise<void> {
  const { faults, random } = lane;
  await lane.produce({ records: RECORDS, ids: RECORDS / 4, bad: 0.02 });
  const time = random.integer(1, 6);
  faults.arm({ batchRecords: 200, strike: { place, action: 'hold', attempt: 'any', time } });
  for (const worker of lane.workers.filter(isAlive)) await worker.kill('SIGTERM');
  const zombie = await lane.startWorker();
  const run = await lane.ensureRun();
  const struck = await Promise.race([faults.struck().then(() => true), endOf(run).then(() => false)]);
  // Too busy a machine may use up the attempts.
  if (!struck) return;
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

const LATE_ROUNDS = 4;

async function lateWrites(episode: Episode): Promise<Tally> {
  const link = await createLink(await addressOf('mongodb', episode.world));
  const through = { mongodb: `\${${MONGODB_VARIABLE}}` };
  try {
    return await inLane(episode, { watch: true, through }, async (lane, tally) => {
      for (let round = 0; round < LATE_ROUNDS; round += 1) await lateWriteRound(lane, tally, link);
    });
  } finally {
    await link.close();
  }
}

async function lateWriteRound(lane: Lane, tally: Tally, link: Link): Promise<void> {
  const { random, scenario } = lane;
  const direct = scenario.environment[MONGODB_VARIABLE];
  await Promise.all(lane.workers.map((worker) => worker.kill('SIGKILL')));
  scenario.environment[MONGODB_VARIABLE] = uriOf(link);
  const victim = await lane.startWorker();
  scenario.environment[MONGODB_VARIABLE] = direct;
  const run = await underWay(lane, { batchDelayMs: 50 });
  await sleep(random.integer(0, 300));
  link.set('hang');
  // Whatever is being written now gets stuck.
  await sleep(500);
  await victim.kill('SIGKILL');
  tally.kills += 1;
  const recovery = untilProgress(lane, run);
  lane.faults.arm({});
  await lane.startWorker();
  recovered(tally, await recovery);
  await endOf(run);
  await lane.produce({ records: RECORDS, ids: 500 });
  await endOf(await lane.ensureRun());
  link.set('open');
  await sleep(1_000);
  tally.times += 1;
}
