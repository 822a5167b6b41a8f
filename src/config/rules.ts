/** The rules between the settings of a pipeline, and among pipelines. */
import { PIPELINE_DEFAULTS } from './defaults.js';
import { formatDuration } from './duration.js';
import { isMapping } from './environment.js';
import { intervalOf, limitProblems } from './limits.js';
import {
  collectionFor,
  isPerTopic,
  isReservedName,
  liveViewOf,
  MAX_NAMESPACE_BYTES,
  namespaceBytes,
} from './collections.js';
import { PIPELINE, type FilePipeline } from './pipeline-schema.js';
import { collectionOf, deadLettersOf, groupOf, type Names } from './pipelines.js';
import type { Path, Problem } from './problem.js';
import { recordProblems } from './record-rules.js';
import { missingRegistryProblems } from './registry-connection.js';
import type { FileSchedule } from './schedule-schema.js';
import { readableParts } from './validate.js';

/** Rules between settings of one pipeline, and with those of the servers; paths are relative to the pipeline. */
export function pipelineProblems(
  written: unknown,
  { heartbeatIntervalMs, hasRegistry }: { heartbeatIntervalMs: number; hasRegistry: boolean },
): Problem[] {
  const parts = readableParts(PIPELINE, written);
  const problems = [
    ...topicProblems(written, parts),
    ...recordProblems(parts, isMapping(written) && written['documentId'] !== undefined),
    ...missingRegistryProblems(parts, hasRegistry),
    ...scheduleProblems(parts.schedule ?? {}),
    ...memberProblems(parts),
  ];
  if (!isMapping(written)) return problems;
  // where one of the two can't be read, rules between them would blame the wrong one
  const readable = (['schedule', 'limits'] as const).every(
    (key) => written[key] === undefined || parts[key] !== undefined,
  );
  if (!readable) return problems;
  const { schedule = {}, limits = {}, until = PIPELINE_DEFAULTS.until } = parts;
  return [...problems, ...limitProblems({ schedule, written: limits, until, heartbeatIntervalMs })];
}

function topicProblems(written: unknown, { topics = [] }: Partial<FilePipeline>): Problem[] {
  if (!isMapping(written)) return [];
  const said = (['topic', 'topics', 'topicPattern'] as const).filter((key) => written[key] !== undefined);
  const [first, second] = said;
  if (first === undefined)
    return [{ path: [], text: 'says no topic: give it `topic`, `topics` or `topicPattern`' }];
  if (second !== undefined)
    return [{ path: [second], text: `either \`${first}\` or \`${second}\`, not both`, atKey: true }];
  const twice = topics.find((topic, index) => topics.indexOf(topic) !== index);
  return twice === undefined ? [] : [{ path: ['topics'], text: `names ${twice} twice` }];
}

/** Several members don't know of each other's records. */
function memberProblems({ members = 1, limits, deadLetters }: Partial<FilePipeline>): Problem[] {
  if (members === 1) return [];
  const problem = (...path: string[]): Problem => ({
    path,
    text: 'counts the records of a run, and its `members` count each for itself; leave one of the two out',
  });
  const { tolerate } = deadLetters ?? {};
  return [
    ...(limits?.maxRecords == null ? [] : [problem('limits', 'maxRecords')]),
    ...(typeof tolerate === 'object' && tolerate.count !== undefined
      ? [problem('deadLetters', 'tolerate', 'count')]
      : []),
  ];
}

function scheduleProblems(schedule: FileSchedule): Problem[] {
  const intervalMs = intervalOf(schedule);
  const problems = intervalMs === null ? cronProblems(schedule) : everyProblems(schedule, intervalMs);
  return problems.map(({ key, text }) => ({ path: ['schedule', key], text }));
}

interface ScheduleProblem {
  key: keyof FileSchedule;
  text: string;
}

function cronProblems({ every, offset }: FileSchedule): ScheduleProblem[] {
  const problems: ScheduleProblem[] = [];
  if (every !== undefined) problems.push({ key: 'cron', text: 'either `every` or `cron`, not both' });
  if (offset !== undefined) problems.push({ key: 'offset', text: 'has a meaning only with `every`' });
  return problems;
}

function everyProblems(schedule: FileSchedule, intervalMs: number): ScheduleProblem[] {
  const text = `must be shorter than the interval (${formatDuration(intervalMs)})`;
  const problems: ScheduleProblem[] = (['offset', 'jitter'] as const)
    .filter((key) => (schedule[key] ?? 0) >= intervalMs)
    .map((key) => ({ key, text }));
  if (schedule.timezone !== undefined)
    problems.push({ key: 'timezone', text: 'has a meaning only with `cron`' });
  return problems;
}

/** Rules among pipelines; paths begin at the root. */
export function sharingProblems(pipelines: Readonly<Record<string, unknown>>): Problem[] {
  const problems: Problem[] = [];
  const groups = new Map<string, string>();
  const collections = new Map<string, string>();
  for (const [name, written] of Object.entries(pipelines)) {
    const parts = readableParts(PIPELINE, written);
    claim(groups, groupOf(name, parts), name, (other) =>
      problems.push({
        path: ['pipelines', name, 'group'],
        text: `the consumer group is also that of the pipeline ${other}; each needs its own, or their runs take partitions and offsets from each other`,
      }),
    );
    for (const { collection, path, what } of collectionsOf(name, parts)) {
      claim(collections, collection, what, (other) =>
        problems.push({
          path: ['pipelines', name, ...path],
          text: `the name is also that of ${other}`,
        }),
      );
    }
  }
  return problems;
}

/** Names that MongoDB would refuse, some of them only together with that of the database; paths begin at the root. */
export function nameProblems(pipelines: Readonly<Record<string, unknown>>, database: unknown): Problem[] {
  return Object.entries(pipelines).flatMap(([name, written]) =>
    collectionsOf(name, readableParts(PIPELINE, written)).flatMap(({ collection, path }) => {
      const text = nameFault(collection, typeof database === 'string' ? database : '');
      return text === null ? [] : [{ path: ['pipelines', name, ...path], text }];
    }),
  );
}

function nameFault(collection: string, database: string): string | null {
  if (isReservedName(collection))
    return `${collection} is a name that MongoDB refuses: it keeps "system." for itself, in the middle of a name too`;
  const bytes = namespaceBytes(database, collection);
  return bytes <= MAX_NAMESPACE_BYTES
    ? null
    : `${collection} has ${bytes} bytes with the database's name before it, and MongoDB takes no more than ${MAX_NAMESPACE_BYTES}`;
}

// pipelines may share it: the ids of dead letters begin with the group
const DEAD_LETTERS = 'a collection of dead letters';
// two views of one name are two pipelines with one collection, which is reported already
const VIEW = 'the view that hides the deleted documents of another pipeline';

interface Claimed {
  collection: string;
  path: Path;
  what: string;
}

type Parts = Names & Pick<Partial<FilePipeline>, 'deletes' | 'topic' | 'topics'>;

function collectionsOf(name: string, parts: Parts): Claimed[] {
  return [
    ...targetsOf(name, parts).flatMap(({ topic, collection }) => claimedBy(name, topic, collection, parts)),
    { collection: deadLettersOf(name, parts), path: ['deadLetters', 'collection'], what: DEAD_LETTERS },
  ];
}

/** One collection, or one for each topic that is known by name; which topics a pattern matches only the brokers know. */
function targetsOf(name: string, parts: Parts): { topic: string | null; collection: string }[] {
  const collection = collectionOf(name, parts);
  if (!isPerTopic({ collection })) return [{ topic: null, collection }];
  const topics = parts.topics ?? (parts.topic === undefined ? [] : [parts.topic]);
  return topics.map((topic) => ({ topic, collection: collectionFor({ collection }, topic) }));
}

function claimedBy(name: string, topic: string | null, collection: string, { deletes }: Parts): Claimed[] {
  const owner = topic === null ? `the pipeline ${name}` : `the topic ${topic} in the pipeline ${name}`;
  const what = `the collection of ${owner}; each needs its own, or versions from different topics would be compared by their timestamps alone`;
  const own = { collection, path: ['collection'], what };
  return deletes === 'ignore' || deletes === 'hard'
    ? [own]
    : [own, { collection: liveViewOf(collection), path: ['collection'], what: VIEW }];
}

function claim(
  owners: Map<string, string>,
  thing: string,
  owner: string,
  onTaken: (other: string) => void,
): void {
  const other = owners.get(thing);
  if (other === undefined) owners.set(thing, owner);
  else if (other !== owner) onTaken(other);
}
