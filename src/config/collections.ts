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

/** The topic for whose records this is the collection, where each topic has its own; `null`: for none. */
export function topicOf({ collection }: Pick<PipelineSettings, 'collection'>, name: string): string | null {
  const around = collection.split(TOPIC_REFERENCE);
  const length = (name.length - around.join('').length) / (around.length - 1);
  const begin = around[0]?.length ?? 0;
  const topic = name.slice(begin, begin + length);
  return topic !== '' && collectionFor({ collection }, topic) === name ? topic : null;
}

/** Whether MongoDB refuses the name: it keeps `system.` for itself, in the middle too, and takes no dot at the beginning. */
export function isReservedName(collection: string): boolean {
  return /^\.|(?:^|\.)system\./.test(collection);
}

/** MongoDB's limit for the names of database and collection with the dot between them; for those of views, too. */
export const MAX_NAMESPACE_BYTES = 255;

export function namespaceBytes(database: string, collection: string): number {
  return Buffer.byteLength(`${database}.${collection}`);
}
