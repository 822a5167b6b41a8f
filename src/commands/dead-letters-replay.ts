/** `kafka-drain dead-letters replay`: sends dead-lettered records through again, with today's configuration. */
import { collectionFor } from '../config/collections.js';
import type { PipelineSettings, Settings } from '../config/settings.js';
import { NO_RECORDS, type RecordCounts } from '../contract.js';
import { addCounts } from '../drain/books.js';
import { foresee, replay, type ReplayDeps, type Replayed, type StillBad } from '../drain/replay.js';
import { loadTransform } from '../drain/transform-module.js';
import { versionOrderOf } from '../drain/version.js';
import type { DeadLetterStore, StoredDeadLetter } from '../mongodb/dead-letter-store.js';
import { createPipelineSink } from '../mongodb/driver-sink.js';
import type { PipelineSink } from '../mongodb/sink.js';
import { createHttpSchemas, type HttpSchemas } from '../registry/http-schemas.js';
import { refuseUnfitTopics } from './collections.js';
import { pipelineOf, printData, settingsOf, type Context, type ExitCode } from './context.js';
import { filterOf, requireChoice, withStore, type HandleOptions } from './dead-letters.js';
import { createLimitedCall } from './limited-transform.js';
import { count, table } from './table.js';

/** Records in one write; the coalescing in it never reaches further. */
const SLICE_RECORDS = 500;
const SLICE_BYTES = 8 * 1024 * 1024;
/** Of those still bad; of more only the counts are shown. */
const SHOWN_ROWS = 100;

/** What `replay --json` prints: `counts` as in a run's result, `deadLettered` being those that are still bad. */
export interface ReplaySummary extends Replayed {
  dryRun: boolean;
}

/**
 * Replays the chosen dead letters and marks those that went through. Exit code 1 where some are still bad, 2 where none were
 * chosen.
 */
export async function replayDeadLetters(
  context: Context,
  name: string,
  options: HandleOptions,
): Promise<ExitCode> {
  const settings = settingsOf(context);
  const pipeline = pipelineOf(settings, name);
  requireChoice(options);
  const dryRun = options.dryRun ?? false;
  const filter = filterOf(pipeline, options);
  const done = await withSchemasOf(settings, (schemas) =>
    withStore(settings, pipeline, async (store) => {
      const rules = await rulesOf(pipeline, schemas);
      const topics = await store.topics(filter);
      return withSink(settings, pipeline, topics, async (sink) => {
        // Of another topic, whose collection wasn't checked, one may have come since.
        const letters = store.each({ ...filter, topics });
        return dryRun ? foreseeAll(rules, letters) : replayAll(context, { ...rules, sink }, store, letters);
      });
    }),
  );
  const summary: ReplaySummary = { dryRun, ...done };
  printData(context, summary, () => summaryText(summary));
  return done.stillBad.length > 0 ? 1 : 0;
}

/** Today's; a transform runs in this process, each call under the limit of a drain's. */
async function rulesOf(pipeline: PipelineSettings, schemas: HttpSchemas | null): Promise<Rules> {
  const transform = pipeline.transform === null ? null : await loadTransform(pipeline.transform);
  const call = transform === null ? null : createLimitedCall(transform, pipeline.limits.stallTimeoutMs);
  return { pipeline, schemas, purgeAt: purgeAtOf(pipeline), transform: call };
}

type Letters = AsyncIterable<StoredDeadLetter>;

type Rules = Omit<ReplayDeps, 'sink'>;

async function withSchemasOf<T>(
  { schemaRegistry }: Settings,
  action: (schemas: HttpSchemas | null) => Promise<T>,
): Promise<T> {
  const schemas = schemaRegistry === null ? null : createHttpSchemas({ settings: schemaRegistry });
  try {
    return await action(schemas);
  } finally {
    schemas?.close();
  }
}

/** Nothing is written: what could be told without asking MongoDB counts as inserted. */
async function foreseeAll(rules: Rules, letters: Letters): Promise<Replayed> {
  const counts: RecordCounts = { ...NO_RECORDS };
  const stillBad: StillBad[] = [];
  for await (const letter of letters) {
    const operation = await foresee(rules, recordOf(letter));
    counts.read += 1;
    if (operation.kind === 'write') counts.inserted += 1;
    else if (operation.kind === 'skip') counts.skipped += 1;
    else {
      counts.deadLettered += 1;
      stillBad.push({ id: letter.id, code: operation.code, reason: operation.reason });
    }
  }
  return { counts, stillBad };
}

/** Before anything is written, what a run would refuse is refused: the collection of any of these topics. */
async function withSink<T>(
  settings: Settings,
  pipeline: PipelineSettings,
  topics: readonly string[],
  use: (sink: PipelineSink) => Promise<T>,
): Promise<T> {
  await refuseUnfitTopics(settings, pipeline, topics);
  const sink = await createPipelineSink({
    ...settings.mongodb,
    topics,
    collectionFor: (topic) => collectionFor(pipeline, topic),
    deadLetterCollection: pipeline.deadLetters.collection,
    versionOrder: versionOrderOf(pipeline.version),
    listener: { alive: () => undefined },
  });
  try {
    await sink.check();
    return await use(sink);
  } finally {
    await sink.close();
  }
}

async function replayAll(
  { interrupted }: Context,
  deps: ReplayDeps,
  store: DeadLetterStore,
  letters: Letters,
): Promise<Replayed> {
  let total: RecordCounts = NO_RECORDS;
  const allStillBad: StillBad[] = [];
  for await (const slice of slices(letters)) {
    const { counts, stillBad } = await replay(deps, slice.map(recordOf), interrupted);
    const bad = new Set(stillBad.map(({ id }) => id));
    await store.markReplayed(slice.map(({ id }) => id).filter((id) => !bad.has(id)), new Date()); // prettier-ignore
    total = addCounts(total, counts);
    allStillBad.push(...stillBad);
  }
  return { counts: total, stillBad: allStillBad };
}

async function* slices(letters: Letters): AsyncGenerator<StoredDeadLetter[]> {
  let slice: StoredDeadLetter[] = [];
  let bytes = 0;
  for await (const letter of letters) {
    slice.push(letter);
    bytes += (letter.key?.length ?? 0) + (letter.value?.length ?? 0);
    if (slice.length < SLICE_RECORDS && bytes < SLICE_BYTES) continue;
    yield slice;
    slice = [];
    bytes = 0;
  }
  if (slice.length > 0) yield slice;
}

function recordOf({ timestamp, ...letter }: StoredDeadLetter) {
  return { ...letter, timestampMs: timestamp?.getTime() ?? -1 };
}

function purgeAtOf({ tombstoneWindowMs }: PipelineSettings): Date {
  return new Date(Date.now() + tombstoneWindowMs);
}

function summaryText({ dryRun, counts, stillBad }: ReplaySummary): string {
  const { read, inserted, updated, deleted, unchanged, coalesced, skipped } = counts;
  const gone = read - stillBad.length;
  if (dryRun) {
    const foreseen = `${count(inserted)} would be written, ${count(skipped)} skipped, ${count(stillBad.length)} are still bad`;
    return [`of ${count(read)} dead letters ${foreseen}`, ...stillBadText(stillBad)].join('\n');
  }
  const outcomes = { inserted, updated, deleted, unchanged, coalesced, skipped };
  const named = Object.entries(outcomes).flatMap(([name, number]) =>
    number > 0 ? [`${count(number)} ${name}`] : [],
  );
  const text = `replayed ${count(gone)} of ${count(read)} dead letters${named.length > 0 ? `: ${named.join(', ')}` : ''}`;
  return [text, ...stillBadText(stillBad)].join('\n');
}

/** A table of the first ones, and how many more there are of each code. */
export function stillBadText(stillBad: readonly StillBad[]): string[] {
  if (stillBad.length === 0) return [];
  const rows = stillBad.slice(0, SHOWN_ROWS).map(({ id, code, reason }) => [id, code, reason]);
  const more = new Map<string, number>();
  for (const { code } of stillBad.slice(SHOWN_ROWS)) more.set(code, (more.get(code) ?? 0) + 1);
  const counts = [...more].map(([code, number]) => `${count(number)} ${code}`);
  return [
    '',
    table(['still bad', 'code', 'reason'], rows),
    ...(counts.length === 0 ? [] : [`and more, all in --json: ${counts.join(', ')}`]),
  ];
}
