import { isPerTopic, liveViewOf, topicOf } from '../config/collections.js';
import type { PipelineSettings } from '../config/settings.js';
import { topicMatcher } from '../config/topic-pattern.js';

/**
 * What a pipeline uses a collection for, in words; `null`: nothing. Of the topics that its pattern matches only those `there`
 * count: with a pattern like `.*` any name could be one's, and where a topic comes later its own run finds out.
 */
export function useOf(
  pipeline: PipelineSettings,
  collection: string,
  there: ReadonlySet<string>,
): string | null {
  if (collection === pipeline.deadLetters.collection)
    return `which has the dead letters of ${named(pipeline)}`;
  const owner = ownerOf(pipeline, collection, there);
  if (owner !== null) return `which is that of ${owner}`;
  const shown = pipeline.deletes === 'soft' ? collectionOfView(collection) : null;
  const shownOf = shown === null ? null : ownerOf(pipeline, shown, there);
  return shownOf === null ? null : `which is the view that hides the deleted documents of ${shownOf}`;
}

function named({ name }: PipelineSettings): string {
  return `pipeline "${name}"`;
}

function ownerOf(pipeline: PipelineSettings, collection: string, there: ReadonlySet<string>): string | null {
  if (!isPerTopic(pipeline)) return pipeline.collection === collection ? named(pipeline) : null;
  const topic = topicOf(pipeline, collection);
  if (topic === null || !reads(pipeline, topic, there)) return null;
  return `topic "${topic}" in ${named(pipeline)}`;
}

function reads({ topics }: PipelineSettings, topic: string, there: ReadonlySet<string>): boolean {
  return 'names' in topics
    ? topics.names.includes(topic)
    : there.has(topic) && topicMatcher(topics.pattern)(topic);
}

function collectionOfView(view: string): string | null {
  const suffix = liveViewOf('');
  return view.endsWith(suffix) ? view.slice(0, -suffix.length) : null;
}
