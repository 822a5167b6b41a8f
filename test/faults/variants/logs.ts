import { inLane, type Episode, type Tally, type Variant } from '../episode.js';
import { endOf, isAlive, type Ending, type Lane } from '../lane.js';
import type { LogRecord } from '../oracle/log.js';
import { violation, type Violation } from '../oracle/violation.js';
import { RunFailed } from '../../support/scenario.js';
import { expireRecords, recreateTopic } from '../../support/topic.js';
import { readLog } from '../verify.js';
import { underWay } from './mid-drain.js';

/** F12: logs that aren't what they were. A run must fail loudly or cope, never skip in silence. */
export const logVariants: readonly Variant[] = [
  {
    fault: 'F12',
    name: 'expired',
    what: 'retention passes the committed offset: the run fails; with onDataLoss skip the lost range is in the result',
    needs: 'nothing',
    goal: 10,
    run: (episode) => expiredEpisode(episode, () => Promise.resolve(undefined)),
  },
  {
    fault: 'F12',
    name: 'expired mid-run',
    what: 'retention passes the position of a drain that is under way: the same',
    needs: 'nothing',
    goal: 10,
    run: (episode) => expiredEpisode(episode, hold),
  },
  {
    fault: 'F12',
    name: 'recreated',
    what: 'the topic is deleted and recreated: the run fails; with the next epoch it is read anew',
    needs: 'nothing',
    goal: 10,
    run: recreatedEpisode,
  },
  {
    fault: 'F12',
    name: 'partitions added',
    what: 'partitions are added in the middle of a drain, ids move to them',
    needs: 'nothing',
    goal: 10,
    run: partitionsEpisode,
  },
];

/** Lets go what it holds. */
type Release = () => void;

/** Leaves the drain of a new run with a batch in hand, its partitions' other records unread. */
async function hold(lane: Lane): Promise<Release> {
  lane.faults.arm({
    batchRecords: 100,
    batchDelayMs: 1_000,
    strike: { place: 'in-batch', action: 'hold', attempt: 'any', time: lane.random.integer(4, 9) },
  });
  await lane.ensureRun();
  await lane.faults.struck();
  return () => lane.faults.letGo();
}

/** Deletes records before they are read, in one partition. */
async function expiredEpisode(
  episode: Episode,
  begin: (lane: Lane) => Promise<Release | undefined>,
): Promise<Tally> {
  const lost: { partition: number; from: bigint; to: bigint }[] = [];
  const isLost = ({ partition, offset }: LogRecord) =>
    lost.some((range) => range.partition === partition && offset >= range.from && offset < range.to);
  return inLane(episode, { watch: true, verify: { isExempt: isLost } }, async (lane, tally) => {
    const { scenario, random } = lane;
    await lane.startWorker();
    await lane.produce({ records: 6_000, ids: 2_000 });
    await endOf(await lane.ensureRun());
    await lane.produce({ records: 6_000, ids: 2_000 });
    const before = await readLog(lane);
    const letGo = await begin(lane);
    const partition = random.integer(0, 2);
    const end = before.filter((record) => record.partition === partition).length;
    const to = end - random.integer(10, 100);
    await expireRecords(scenario, partition, to);
    letGo?.();
    const ending = await endOf(await lane.ensureRun());
    tally.times += 1;
    tally.violation ??= mustHaveFailed(ending, 'RECORDS_EXPIRED');
    const from = BigInt((await scenario.committed())[partition] ?? -1);
    lost.push({ partition, from, to: BigInt(to) });
    lane.gone = before.filter((record) => record.partition === partition && record.offset < BigInt(to));
    await reconfigure(lane, { onDataLoss: 'skip' });
    const next = await endOf(await lane.ensureRun());
    const told = 'result' in next ? JSON.stringify(next.result.lost) : String(next.failure);
    if (told !== JSON.stringify([{ partition, from: String(from), to: String(to) }]))
      tally.violation ??= violation(
        'I1',
        `records ${String(from)} up to ${String(to)} of partition ${String(partition)} were lost, the run says: ${told}`,
      );
  });
}

function mustHaveFailed(ending: Ending, code: string): Violation | null {
  if ('failure' in ending && ending.failure instanceof RunFailed && ending.failure.code === code) return null;
  const how = 'failure' in ending ? String(ending.failure) : `succeeded: ${JSON.stringify(ending.result)}`;
  return violation('I1', `the run should have failed with ${code}, but ${how}`);
}

async function reconfigure(lane: Lane, pipeline: object): Promise<void> {
  await lane.scenario.configure(pipeline);
  for (const worker of lane.workers.filter(isAlive)) await worker.kill('SIGTERM');
  lane.faults.arm({});
  await lane.startWorker();
}

function recreatedEpisode(episode: Episode): Promise<Tally> {
  return inLane(episode, { watch: true }, async (lane, tally) => {
    const { random, scenario } = lane;
    await lane.startWorker();
    await lane.produce({ records: random.integer(500, 5_000), ids: 1_000 });
    await endOf(await lane.ensureRun());
    lane.gone = await readLog(lane);
    await recreateTopic(scenario, 3);
    await lane.produce({ records: random.integer(500, 5_000), ids: 1_000 });
    const ending = await endOf(await lane.ensureRun());
    tally.times += 1;
    tally.violation ??= mustHaveFailed(ending, 'TOPIC_RECREATED');
    await reconfigure(lane, { epoch: 2 });
    lane.epoch = 2;
    await endOf(await lane.ensureRun());
  });
}

const ADDITIONS = 3;

function partitionsEpisode(episode: Episode): Promise<Tally> {
  return inLane(episode, { watch: true, partitions: 2 }, async (lane, tally) => {
    const { admin, topic } = lane.scenario;
    for (let count = 3; count < 3 + ADDITIONS; count += 1) {
      const run = await underWay(lane);
      await admin.createPartitions({ topicPartitions: [{ topic, count }] });
      tally.times += 1;
      await lane.produce({ records: 2_000, ids: 500 });
      await endOf(run);
    }
  });
}
