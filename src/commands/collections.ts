import { collectionFor, isPerTopic } from '../config/collections.js';
import type { PipelineSettings, Settings } from '../config/settings.js';
import { createSource } from '../kafka/kafkajs-source.js';
import { within } from '../time-limit.js';

/** The collections of a pipeline. Asks the brokers only where they depend on which topics match a pattern. */
export async function collectionsOf({ kafka }: Settings, pipeline: PipelineSettings): Promise<string[]> {
  if (!isPerTopic(pipeline)) return [pipeline.collection];
  const { topics, group } = pipeline;
  if ('names' in topics) return topics.names.map((topic) => collectionFor(pipeline, topic));
  const source = createSource({ kafka, topics, group });
  try {
    const state = await within(source.inspect(), `the topics ${pipeline.topic}`, 'KAFKA_UNAVAILABLE');
    return state.topics.map(({ topic }) => collectionFor(pipeline, topic));
  } finally {
    await source.close();
  }
}
