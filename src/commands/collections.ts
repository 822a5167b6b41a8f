import { collectionFor, isPerTopic } from '../config/collections.js';
import type { PipelineSettings, Settings } from '../config/settings.js';
import { refuseUnfitCollections, writingPlace, type TopicsThere } from '../drain/topic-collections.js';
import { asDrainError } from '../errors.js';
import { createSource } from '../kafka/kafkajs-source.js';
import { kafkaAnswer } from './kafka-answer.js';

const NO_TOPICS: TopicsThere = { topics: [], otherTopics: [] };

/**
 * The collections of a pipeline. Asks the brokers only where something depends on which topics match a pattern.
 * Error: `COLLECTION_UNSUITABLE`, as a run's.
 */
export async function collectionsOf(settings: Settings, pipeline: PipelineSettings): Promise<string[]> {
  const there = needsTopics(settings, pipeline) ? await topicsThere(settings, pipeline) : NO_TOPICS;
  refuseUnfitCollections(writingPlace(settings, pipeline), there);
  if (!isPerTopic(pipeline)) return [pipeline.collection];
  return there.topics.map(({ topic }) => collectionFor(pipeline, topic));
}

/**
 * Refuses topics whose records a run wouldn't write either, be they there any more or not.
 * Errors: `COLLECTION_UNSUITABLE`, `KAFKA_UNAVAILABLE`.
 */
export async function refuseUnfitTopics(
  settings: Settings,
  pipeline: PipelineSettings,
  topics: readonly string[],
): Promise<void> {
  if (topics.length === 0 || !needsTopics(settings, pipeline)) return;
  const there = await topicsThere(settings, pipeline);
  refuseUnfitCollections(writingPlace(settings, pipeline), there, topics);
}

/** With one collection for all it can be only another's topics that are in its way; the file itself tells of all else. */
function needsTopics({ pipelines }: Settings, pipeline: PipelineSettings): boolean {
  return (
    isPerTopic(pipeline) ||
    [...pipelines.values()].some((other) => isPerTopic(other) && 'pattern' in other.topics)
  );
}

/** Where no topic matches the pattern yet, or any more, there are none: that is for runs to refuse. */
async function topicsThere(settings: Settings, pipeline: PipelineSettings): Promise<TopicsThere> {
  const { topics, group } = pipeline;
  if ('names' in topics) {
    return { topics: topics.names.map((name) => ({ topic: name })), otherTopics: [] };
  }
  const source = createSource({ kafka: settings.kafka, topics, group });
  try {
    return await kafkaAnswer(source.inspect(), settings, pipeline);
  } catch (error) {
    if (asDrainError(error).code === 'TOPIC_NOT_FOUND') return NO_TOPICS;
    throw error;
  } finally {
    await source.close();
  }
}
