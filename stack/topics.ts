import type { Admin, ITopicConfig } from 'kafkajs';
import { waitUntil } from './wait.js';

const LEADERS_WITHIN_MS = 15_000;

/**
 * Creates a topic unless it is there, and waits until every partition has a leader that answers. kafkajs's own `waitForLeaders` gives
 * up with "does not host this topic-partition" when the broker has not yet heard of the topic that its controller made.
 */
export async function createTopic(admin: Admin, config: ITopicConfig): Promise<void> {
  await admin.createTopics({ topics: [config], waitForLeaders: false });
  await waitUntil(
    `topic ${config.topic} has leaders`,
    async () => (await admin.fetchTopicOffsets(config.topic)).length > 0,
    { timeoutMs: LEADERS_WITHIN_MS, intervalMs: 100 },
  );
}
