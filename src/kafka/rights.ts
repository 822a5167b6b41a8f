/**
 * Whether the first run would be refused what Describe alone doesn't allow. Only doing it tells: kafkajs can't ask a broker what it
 * allows on a group, and not every broker answers that of a topic.
 */
import { forEachLimited } from '../for-each-limited.js';
import type { AdminClient } from './client.js';
import { naming, TOPICS_AT_ONCE } from './inspect.js';
import { isFence } from './kafka-errors.js';
import type { PartitionState } from './source.js';

/**
 * Reads no record, joins nothing, leaves nothing behind. Rejects with what a broker answers to a run without the right.
 * @param partitions as `fetchLogState` has just found them
 */
export async function tryRights(
  client: AdminClient,
  group: string,
  partitions: readonly PartitionState[],
): Promise<void> {
  // rights are given on topics: one partition of each will do
  const oneOfEach = [...new Map(partitions.map((state) => [state.topic, state])).values()];
  await forEachLimited(oneOfEach, TOPICS_AT_ONCE, (state) =>
    naming(state.topic, fetchNothing(client, state)),
  );
  await beNobody(client, group);
}

const READ_COMMITTED = 1;

/** Asks for what comes after the last stable offset, of which nothing is given to whoever reads committed records alone. */
async function fetchNothing(
  { cluster }: AdminClient,
  { topic, partition, end }: PartitionState,
): Promise<void> {
  const [nodeId = ''] = Object.keys(cluster().findLeaderForPartitions(topic, [partition]));
  const leader = await cluster().findBroker({ nodeId });
  await leader.fetch({
    ...{ replicaId: -1, isolationLevel: READ_COMMITTED, maxWaitTime: 0, minBytes: 0, maxBytes: 1 },
    topics: [{ topic, partitions: [{ partition, fetchOffset: String(end), maxBytes: 1 }] }],
  });
}

/** The heartbeat of a member that nobody knows: whether the group may be used is looked at first, be it there or not. */
async function beNobody({ cluster }: AdminClient, groupId: string): Promise<void> {
  const coordinator = await cluster().findGroupCoordinator({ groupId });
  try {
    await coordinator.heartbeat({ groupId, groupGenerationId: 0, memberId: 'kafka-drain-check' });
  } catch (error) {
    if (!isFence(error)) throw error;
  }
}
