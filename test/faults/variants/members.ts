import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from '../../support/scenario.js';
import { inLane, type Variant } from '../episode.js';
import { endOf, isAlive, type Lane } from '../lane.js';
import { patiently } from '../retry.js';

const STEPS = 12;

/** F3: several runs at once in several processes; each is a member of the group. */
export const memberVariants: readonly Variant[] = [
  {
    fault: 'F3',
    name: 'members',
    what: 'runs overlap in one group (AllowAll, 2–3 workers); every 1–3 s one begins, is cancelled, or a worker comes or goes',
    needs: 'nothing',
    goal: 24,
    run: (episode) =>
      inLane(
        episode,
        {
          watch: true,
          partitions: 6,
          pipeline: { schedule: { overlap: 'allow-all' } },
          worker: { maxConcurrentDrains: 6 },
        },
        async (lane, tally) => {
          lane.exact = false;
          lane.faults.arm({ batchRecords: 100, batchDelayMs: 150 });
          await lane.produce({ records: 20_000, ids: 5_000 });
          await Promise.all([lane.startWorker(), lane.startWorker()]);
          const runs: Run[] = [await lane.ensureRun()];
          for (let step = 0; step < STEPS; step += 1) {
            await sleep(lane.random.integer(1_000, 3_000));
            await comeOrGo(lane, runs);
            tally.times += 1;
          }
          lane.faults.arm({});
          await Promise.all(runs.map(endOf));
        },
      ),
  },
];

async function comeOrGo(lane: Lane, runs: Run[]): Promise<void> {
  const { random, scenario } = lane;
  const step = random.pick([
    'begin',
    'begin',
    'begin',
    'cancel',
    'stop-worker',
    'kill-worker',
    'produce',
  ] as const);
  if (step === 'begin') runs.push(await patiently('a run', () => scenario.trigger('ALLOW_ALL')));
  else if (step === 'produce') await lane.produce({ records: 3_000, ids: 5_000 });
  else if (step === 'cancel') await random.pick(runs).handle.cancel();
  else await replaceWorker(lane, step === 'kill-worker');
}

async function replaceWorker(lane: Lane, hard: boolean): Promise<void> {
  const [oldest] = lane.workers.filter(isAlive);
  await lane.startWorker();
  if (oldest === undefined) return;
  if (hard) await oldest.kill('SIGKILL');
  else oldest.process.kill('SIGTERM');
}
