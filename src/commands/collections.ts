import { collectionFor, isPerTopic } from '../config/collections.js';
import type { PipelineSettings, Settings } from '../config/settings.js';
import { refuseUnfitCollections, writingPlace, type TopicsThere } from '../drain/topic-collections.js';
import { createSource } from '../kafka/kafkajs-source.js';
import { within } from '../time-limit.js';

/**
 * The collections of a pipeline. Asks the brokers only where they depend on which topics match a pattern.
 * Error: `COLLECTION_UNSUITABLE`, as a run's.
 */
export async function collectionsOf(settings: Settings, pipeline: PipelineSettings): Promise<string[]> {
  if (!isPerTopic(pipeline)) return [pipeline.collection];
  const there = await topicsThere(settings, pipeline);
  refuseUnfitCollections(writingPlace(settings, pipeline), there);
  return there.topics.map(({ topic }) => collectionFor(pipeline, topic));
}

async function topicsThere({ kafka }: Settings, pipeline: PipelineSettings): Promise<TopicsThere> {
  const { topics, topic, group } = pipeline;
  if ('names' in topics) {
    return { topics: topics.names.map((name) => ({ topic: name })), otherTopics: [] };
  }
  const source = createSource({ kafka, topics, group });
  try {
    return await within(source.inspect(), `the topics ${topic}`, 'KAFKA_UNAVAILABLE');
  } finally {
    await source.close();
  }
}
