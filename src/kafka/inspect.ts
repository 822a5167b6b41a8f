import { setTimeout as sleep } from 'node:timers/promises';
import type { TopicSelection } from '../config/settings.js';
import { topicMatcher } from '../config/topic-pattern.js';
import { forEachLimited } from '../for-each-limited.js';
import type { AdminClient } from './client.js';
import { COORDINATOR_LIMIT_MS } from './group-hooks.js';
import { kafkaCausesOf, isUnavailableCoordinator } from './kafka-errors.js';
import {
  partitionName,
  type CommittedOffset,
  type LogState,
  type PartitionName,
  type PartitionState,
} from './source.js';
import { fetchIdentities } from './topic-identity.js';

const PAUSE_MS = 200;
/** What the broker answers where the group has no committed offset. */
const NONE = '-1';
/** Topics asked about at once; each is one or two requests, and the broker answers one connection's in turn. */
export const TOPICS_AT_ONCE = 8;

/** The topics of a pipeline, sorted, and where all were asked for, the others. */
export interface TopicNames {
  selected: string[];
  others: string[];
}

export async function fetchTopicNames({ admin }: AdminClient, topics: TopicSelection): Promise<TopicNames> {
  if ('names' in topics) return { selected: [...topics.names].sort(), others: [] };
  const isSelected = topicMatcher(topics.pattern);
  const all = (await admin.listTopics()).sort();
  return { selected: all.filter(isSelected), others: all.filter((name) => !isSelected(name)) };
}

/** What the group has committed, asked of its coordinator; patient with a coordinator that is being elected or is loading. */
export async function fetchCommitted(
  client: AdminClient,
  group: string,
  topics: readonly string[],
): Promise<Map<PartitionName, CommittedOffset>> {
  const found = await patiently(async () => {
    try {
      return await client.admin.fetchOffsets({ groupId: group, topics: [...topics] });
    } catch (error) {
      await findCoordinator(client, group, error);
      throw error;
    }
  });
  const committed = new Map<PartitionName, CommittedOffset>();
  for (const { topic, partitions } of found) {
    for (const { partition, offset, metadata } of partitions) {
      const name = partitionName({ topic, partition });
      if (offset !== NONE) committed.set(name, { offset: BigInt(offset), metadata: metadata ?? '' });
    }
  }
  return committed;
}

/** kafkajs hides why it finds no coordinator, also that we have no right to know: asks once more, by hand, for the reason. */
async function findCoordinator({ cluster }: AdminClient, groupId: string, error: unknown): Promise<void> {
  if (!kafkaCausesOf(error).some(({ name }) => name === 'KafkaJSGroupCoordinatorNotFound')) return;
  const broker = await cluster().brokerPool.findConnectedBroker();
  await broker.findGroupCoordinator({ groupId, coordinatorType: 0 });
}

/** Everything a plan needs to know. */
export async function fetchLogState(
  client: AdminClient,
  group: string,
  { selected: topics, others: otherTopics }: TopicNames,
): Promise<LogState> {
  await introduce(client, topics);
  const partitions = await fetchPartitions(client, group, topics);
  const identities = await fetchIdentities(await client.cluster().brokerPool.findConnectedBroker(), topics);
  const clusterId = identities?.clusterId ?? (await client.admin.describeCluster()).clusterId;
  const withIds = topics.map((topic) => ({ topic, topicId: identities?.topicIds.get(topic) ?? null }));
  return { clusterId, topics: withIds, otherTopics, partitions };
}

/** All topics in one request of metadata, or kafkajs makes one for each. Where one isn't there, its own request will tell. */
async function introduce({ cluster }: AdminClient, topics: readonly string[]): Promise<void> {
  if (topics.length < 2) return;
  await cluster()
    .addMultipleTargetTopics([...topics])
    .catch(() => undefined);
}

/** The ends first, then what is committed: the other way round a commit in between would look like lag. */
async function fetchPartitions(
  client: AdminClient,
  group: string,
  topics: readonly string[],
): Promise<PartitionState[]> {
  const found: Omit<PartitionState, 'committed'>[] = [];
  await forEachLimited(topics, TOPICS_AT_ONCE, async (topic) => {
    const watermarks = await naming(topic, client.admin.fetchTopicOffsets(topic));
    for (const { partition, low, high } of watermarks) {
      // kafkajs asks with isolation level read committed, so `high` is the last stable offset.
      found.push({ topic, partition, low: BigInt(low), end: BigInt(high) });
    }
  });
  const committed = await fetchCommitted(client, group, topics);
  return found
    .map((state) => ({ ...state, committed: committed.get(partitionName(state)) ?? null }))
    .sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1));
}

/** First offsets at or after a time; the end where there is none. */
export async function fetchOffsetsAt(
  client: AdminClient,
  topics: readonly string[],
  timestampMs: number,
): Promise<Map<PartitionName, bigint>> {
  await introduce(client, topics);
  const found = new Map<PartitionName, bigint>();
  await forEachLimited(topics, TOPICS_AT_ONCE, async (topic) => {
    const offsets = await naming(topic, client.admin.fetchTopicOffsetsByTimestamp(topic, timestampMs));
    for (const { partition, offset } of offsets)
      found.set(partitionName({ topic, partition }), BigInt(offset));
  });
  return found;
}

/** kafkajs's errors don't say which of several topics is meant. */
export async function naming<T>(topic: string, question: Promise<T>): Promise<T> {
  try {
    return await question;
  } catch (error) {
    throw Object.assign(new Error(`asked about topic ${topic}`, { cause: error }), { topic });
  }
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
