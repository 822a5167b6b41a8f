import {
  collectionFor,
  isPerTopic,
  isReservedName,
  liveViewOf,
  MAX_NAMESPACE_BYTES,
  namespaceBytes,
} from '../config/collections.js';
import type { PipelineSettings, Settings } from '../config/settings.js';
import { DrainError } from '../errors.js';
import type { LogState, TopicIdentity } from '../kafka/source.js';
import { useOf } from './neighbours.js';

/** Where a pipeline writes, and what else its worker's configuration has. */
export interface WritingPlace {
  pipeline: PipelineSettings;
  database: string;
  /** All pipelines of the configuration. */
  neighbours: readonly PipelineSettings[];
}

/** The topics of the pipeline, and of a pattern's cluster the others; see `LogState`. */
export interface TopicsThere extends Pick<LogState, 'otherTopics'> {
  topics: readonly Pick<TopicIdentity, 'topic'>[];
}

export function writingPlace(settings: Settings, pipeline: PipelineSettings): WritingPlace {
  return { pipeline, database: settings.mongodb.database, neighbours: [...settings.pipelines.values()] };
}

/** What is wrong with a name, and what helps. */
interface Fault {
  fault: string;
  remedy: string;
}

/**
 * Where topics have collections of their own, names come from the brokers: refuses those that MongoDB wouldn't take, that the
 * pipeline itself uses for something else, or that another one uses. Error: `COLLECTION_UNSUITABLE`.
 * @param written the topics whose records are to be written, if not those that are there.
 */
export function refuseUnfitCollections(
  place: WritingPlace,
  { topics, otherTopics }: TopicsThere,
  written: readonly string[] = topics.map(({ topic }) => topic),
): void {
  const { pipeline } = place;
  const own = new Set([...topics.map(({ topic }) => topic), ...written]);
  const there = new Set([...own, ...otherTopics]);
  const views = new Set([...own].map((topic) => liveViewOf(collectionFor(pipeline, topic))));
  // with one collection for all, the first topic stands for them
  for (const topic of isPerTopic(pipeline) ? written : written.slice(0, 1)) {
    const collection = collectionFor(pipeline, topic);
    const found = ownFault(place, collection, views) ?? neighboursFault(place, collection, there);
    if (found === null) continue;
    throw new DrainError(
      'COLLECTION_UNSUITABLE',
      `topic "${topic}" of pipeline "${pipeline.name}" would be written to the collection "${collection}", ` +
        `${found.fault}. ${found.remedy}, or leave the topic out.`,
    );
  }
}

function ownFault(
  { pipeline, database }: WritingPlace,
  name: string,
  views: ReadonlySet<string>,
): Fault | null {
  const fault = unfit(pipeline, name, views);
  if (fault !== null) return { fault, remedy: remedyFor(name) };
  const tooLong = lengthFault(pipeline, database, name);
  return tooLong === null
    ? null
    : { fault: tooLong, remedy: 'Make "collection" or the name of the database shorter' };
}

function remedyFor(name: string): string {
  return isReservedName(`from_${name}`)
    ? 'No name with ".system." in it is: give the topic a pipeline whose "collection" names another'
    : 'Change "collection" (for instance to "from_${topic}")';
}

function unfit(pipeline: PipelineSettings, name: string, views: ReadonlySet<string>): string | null {
  if (isReservedName(name)) return "which MongoDB doesn't allow";
  if (name === pipeline.deadLetters.collection) return 'which has the dead letters';
  return pipeline.deletes === 'soft' && isPerTopic(pipeline) && views.has(name)
    ? 'which is the view that hides the deleted documents of another topic'
    : null;
}

function lengthFault({ deletes }: PipelineSettings, database: string, name: string): string | null {
  const fault = (what: string, bytes: number): string | null => {
    if (bytes <= MAX_NAMESPACE_BYTES) return null;
    return `${what} is ${String(bytes)} bytes long with the database's name before it, and MongoDB takes no more than ${String(MAX_NAMESPACE_BYTES)}`;
  };
  const view = liveViewOf(name);
  const ofView = () => fault(`whose view "${view}"`, namespaceBytes(database, view));
  return fault('which', namespaceBytes(database, name)) ?? (deletes === 'soft' ? ofView() : null);
}

function neighboursFault(
  { pipeline, neighbours }: WritingPlace,
  name: string,
  there: ReadonlySet<string>,
): Fault | null {
  const uses = neighbours
    .filter((neighbour) => neighbour.name !== pipeline.name)
    .flatMap((neighbour) => useOf(neighbour, name, there) ?? []);
  const [use] = uses;
  return use === undefined ? null : { fault: use, remedy: 'Change "collection" of one of the two' };
}
