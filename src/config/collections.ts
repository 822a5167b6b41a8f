/** The collections of a pipeline's topics. */
import { TOPIC_REFERENCE } from './environment.js';
import type { PipelineSettings } from './settings.js';

/** The collection for the records of one topic. */
export function collectionFor({ collection }: Pick<PipelineSettings, 'collection'>, topic: string): string {
  return collection.replaceAll(TOPIC_REFERENCE, topic);
}

/** Whether each topic has a collection of its own. */
export function isPerTopic({ collection }: Pick<PipelineSettings, 'collection'>): boolean {
  return collection.includes(TOPIC_REFERENCE);
}

/** The view that hides tombstones. */
export function liveViewOf(collection: string): string {
  return `${collection}_live`;
}
