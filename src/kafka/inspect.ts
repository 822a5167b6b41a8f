import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import type { AdminClient } from './client.js';
import { COORDINATOR_LIMIT_MS } from './group-hooks.js';
import { causesOf, isUnavailableCoordinator } from './kafka-errors.js';
import type { CommittedOffset, PartitionState, TopicState } from './source.js';
import { fetchTopicIdentity } from './topic-identity.js';

const PAUSE_MS = 200;
/** What the broker answers where the group has no committed offset. */
const NONE = '-1';

/** What the group has committed, asked of its coordinator; patient with a coordinator that is being elected or is loading. */
export async function fetchCommitted(
  client: AdminClient,
  group: string,
  topic: string,
): Promise<Map<number, CommittedOffset>> {
  const topics = await patiently(async () => {
    try {
      return await client.admin.fetchOffsets({ groupId: group, topics: [topic] });
    } catch (error) {
      await findCoordinator(client, group, error);
      throw error;
    }
  });
  const committed = new Map<number, CommittedOffset>();
  for (const { partition, offset, metadata } of topics.flatMap(({ partitions }) => partitions)) {
    if (offset !== NONE) committed.set(partition, { offset: BigInt(offset), metadata: metadata ?? '' });
  }
  return committed;
}

/** kafkajs hides why it finds no coordinator, also that we have no right to know: asks once more, by hand, for the reason. */
async function findCoordinator({ cluster }: AdminClient, groupId: string, error: unknown): Promise<void> {
  if (!causesOf(error).some(({ name }) => name === 'KafkaJSGroupCoordinatorNotFound')) return;
  const broker = await cluster().brokerPool.findConnectedBroker();
  await broker.findGroupCoordinator({ groupId, coordinatorType: 0 });
}

/** Everything a plan needs to know. */
export async function fetchTopicState(
  client: AdminClient,
  group: string,
  topic: string,
): Promise<TopicState> {
  const partitions = await fetchPartitions(client, group, topic);
  const identity = await fetchTopicIdentity(await client.cluster().brokerPool.findConnectedBroker(), topic);
  const clusterId = identity?.clusterId ?? (await client.admin.describeCluster()).clusterId;
  return { clusterId, topic, topicId: identity?.topicId ?? null, partitions };
}

/** The ends first, then what is committed: the other way round a commit in between would look like lag. */
async function fetchPartitions(client: AdminClient, group: string, topic: string): Promise<PartitionState[]> {
  const watermarks = await client.admin.fetchTopicOffsets(topic);
  const committed = await fetchCommitted(client, group, topic);
  return watermarks
    .map(({ partition, low, high }) => ({
      partition,
      low: BigInt(low),
      // kafkajs asks with isolation level read committed, so `high` is the last stable offset.
      end: BigInt(high),
      committed: committed.get(partition) ?? null,
    }))
    .sort((a, b) => a.partition - b.partition);
}

/** First offsets at or after a time; the end where there is none. */
export async function fetchOffsetsAt(
  admin: Admin,
  topic: string,
  timestampMs: number,
): Promise<Map<number, bigint>> {
  const offsets = await admin.fetchTopicOffsetsByTimestamp(topic, timestampMs);
  return new Map(offsets.map(({ partition, offset }) => [partition, BigInt(offset)]));
}

async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const elapsedMs = performance.now() - startedAt;
      if (!isUnavailableCoordinator(error) || elapsedMs > COORDINATOR_LIMIT_MS) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
