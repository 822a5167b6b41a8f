import type { Scenario } from './scenario.js';
import { until } from './until.js';

/** Deletes the records of a partition before the given offset, as retention does. */
export async function expireRecords(
  { admin, topic }: Scenario,
  partition: number,
  before: number,
): Promise<void> {
  // The next call only looks for the partition's leader in what is known already.
  await admin.fetchTopicOffsets(topic);
  await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] });
}

/** Deletes the scenario's topic and creates it anew, with a log that begins at 0 and another topic id. */
export async function recreateTopic({ admin, topic }: Scenario, partitions: number): Promise<void> {
  await admin.deleteTopics({ topics: [topic] });
  await until('the topic to be gone', async () => ((await admin.listTopics()).includes(topic) ? null : true));
  await until('the topic to be created', () =>
    admin
      .createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: true })
      .catch(() => null),
  );
}
