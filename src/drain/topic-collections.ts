import { collectionFor, isPerTopic, liveViewOf } from '../config/collections.js';
import type { PipelineSettings } from '../config/settings.js';
import { DrainError } from '../errors.js';
import type { TopicIdentity } from '../kafka/source.js';

/**
 * Where each topic has a collection of its own, its name comes from the broker: refuses what MongoDB wouldn't take, and what
 * the pipeline itself uses for something else. Error: `COLLECTION_UNSUITABLE`.
 */
export function refuseUnfitCollections(pipeline: PipelineSettings, topics: readonly TopicIdentity[]): void {
  if (!isPerTopic(pipeline)) return;
  const views = new Set(topics.map(({ topic }) => liveViewOf(collectionFor(pipeline, topic))));
  for (const { topic } of topics) {
    const collection = collectionFor(pipeline, topic);
    const fault = faultOf(pipeline, collection, views);
    if (fault === null) continue;
    throw new DrainError(
      'COLLECTION_UNSUITABLE',
      `topic "${topic}" would be written to the collection "${collection}", ${fault}. ` +
        `Change "collection" of pipeline "${pipeline.name}" (for instance to "from_\${topic}"), or leave the topic out.`,
    );
  }
}

function faultOf(pipeline: PipelineSettings, name: string, views: ReadonlySet<string>): string | null {
  if (/^system\.|^\./.test(name)) return "which MongoDB doesn't allow";
  if (name === pipeline.deadLetters.collection) return 'which has the dead letters';
  return pipeline.deletes === 'soft' && views.has(name)
    ? 'which is the view that hides the deleted documents of another topic'
    : null;
}
