import type { Producer } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeRecords } from '../data.js';
import { inLane, rounds, type Episode, type Tally, type Variant } from '../episode.js';
import { endOf, type Lane } from '../lane.js';

/** F13: offsets without a visible record, at the tail and elsewhere. */
export const invisibleVariants: readonly Variant[] = [
  {
    fault: 'F13',
    name: 'transactions',
    what: 'transactions committed and aborted in turn, one open at the tail while a run ends before it',
    needs: 'nothing',
    goal: 35,
    run: transactionsEpisode,
  },
  {
    fault: 'F13',
    name: 'compaction',
    what: 'a topic compacted before and while it is drained, with gaps up to its tail',
    needs: 'nothing',
    goal: 10,
    run: compactionEpisode,
  },
];

const ROUNDS = 3;
const TRANSACTIONS = 12;

function transactionsEpisode(episode: Episode): Promise<Tally> {
  return inLane(episode, { watch: true }, async (lane, tally) => {
    const { kafka, name } = lane.scenario;
    const producer = kafka.producer({ transactionalId: name, maxInFlightRequests: 1, idempotent: true });
    await producer.connect();
    try {
      await lane.startWorker();
      for (let round = 0; round < rounds(episode, ROUNDS); round += 1) {
        for (let count = 0; count < TRANSACTIONS; count += 1) await transact(lane, producer, tally);
        // The last one stays open until the run has ended before it.
        await transact(lane, producer, tally, async () => {
          await endOf(await lane.ensureRun());
        });
      }
    } finally {
      await producer.disconnect();
    }
  });
}

async function transact(
  lane: Lane,
  producer: Producer,
  tally: Tally,
  meanwhile?: () => Promise<void>,
): Promise<void> {
  const { random, scenario } = lane;
  if (random.chance(0.3)) await lane.produce({ records: random.integer(1, 50), ids: 500 });
  const transaction = await producer.transaction();
  const messages = makeRecords(random, { records: random.integer(1, 150), ids: 500 });
  await transaction.send({ topic: scenario.topic, messages });
  await meanwhile?.();
  await (random.chance(0.4) ? transaction.abort() : transaction.commit());
  tally.times += 1;
}

/** Kafka 4 allows no segment below 1 MiB, so they are rolled by time. */
const COMPACTED = [
  { name: 'cleanup.policy', value: 'compact' },
  { name: 'segment.ms', value: '100' },
  { name: 'min.cleanable.dirty.ratio', value: '0.001' },
  { name: 'min.compaction.lag.ms', value: '0' },
];
const COMPACTIONS = 3;

function compactionEpisode(episode: Episode): Promise<Tally> {
  return inLane(episode, { watch: true, topicConfig: COMPACTED }, async (lane, tally) => {
    lane.exact = false;
    await lane.startWorker();
    for (let round = 0; round < rounds(episode, COMPACTIONS); round += 1) {
      // A bad record would keep its key's good ones from being kept.
      await lane.produce({ records: 5_000, ids: 300, bad: 0 });
      await untilCompacted(lane);
      lane.faults.arm({ batchRecords: 50, batchDelayMs: 50 });
      const run = await lane.ensureRun();
      await lane.produce({ records: 500, ids: 300, bad: 0 });
      await endOf(run);
      tally.times += 1;
    }
  });
}

/** Enough for the log cleaner, which looks twice a second. */
const MOST_WAITS = 40;

/** Until records were removed in front of those that are kept. Only closed segments are cleaned, and only another record closes one. */
async function untilCompacted(lane: Lane): Promise<void> {
  const firsts = async (): Promise<number> => {
    const offsets = await admin.fetchTopicOffsetsByTimestamp(topic, Date.now() - DAY_MS);
    return offsets.reduce((sum, { offset }) => sum + Number(offset), 0);
  };
  const { admin, topic } = lane.scenario;
  const before = await firsts();
  for (let waits = 0; waits < MOST_WAITS && (await firsts()) <= before; waits += 1) {
    await lane.produce({ records: 6, ids: 300, bad: 0 });
    await sleep(250);
  }
}

const DAY_MS = 86_400_000;
