/** Pipelines as the program uses them. */
import { isPerTopic } from './collections.js';
import { PIPELINE_DEFAULTS, RECORD_LIMIT_DEFAULTS, SCHEDULE_DEFAULTS } from './defaults.js';
import { fingerprintOf } from './fingerprint.js';
import { deriveLimits, intervalOf } from './limits.js';
import type { FilePipeline } from './pipeline-schema.js';
import type { FileSchedule } from './schedule-schema.js';
import type {
  DocumentIdRule,
  OverlapPolicy,
  PipelineSettings,
  ScheduleSettings,
  StartPolicy,
  TopicSelection,
  TransformSettings,
  VersionRule,
} from './settings.js';
import { topicsText } from './topics-text.js';

/** A checked pipeline with all defaults filled in. */
export function toPipeline(
  name: string,
  written: FilePipeline,
  database: string,
  transform: TransformSettings | null = null,
): PipelineSettings {
  const pipeline = {
    name,
    ...topicsOf(written),
    group: groupOf(name, written),
    collection: collectionOf(name, written),
    ...readingRules(written),
    ...writingRules(written),
    transform,
    deadLetters: {
      collection: deadLettersOf(name, written),
      tolerate: toleranceOf(written),
      expireAfterMs: written.deadLetters?.expireAfter ?? null,
    },
    schedule: scheduleOf(written.schedule ?? {}),
    limits: deriveLimits(written.schedule ?? {}, written.limits ?? {}),
  };
  return { ...pipeline, fingerprint: fingerprintOf(pipeline, database) };
}

function readingRules(
  written: FilePipeline,
): Pick<PipelineSettings, 'start' | 'until' | 'onDataLoss' | 'catchUp' | 'members'> {
  const d = PIPELINE_DEFAULTS;
  return {
    start: startOf(written),
    until: written.until ?? d.until,
    onDataLoss: written.onDataLoss ?? d.onDataLoss,
    catchUp: written.catchUp ?? d.catchUp,
    members: written.members ?? d.members,
  };
}

type WritingRules = Pick<
  PipelineSettings,
  | 'epoch'
  | 'value'
  | 'largeIntegers'
  | 'envelope'
  | 'dates'
  | 'recordLimits'
  | 'documentId'
  | 'version'
  | 'deletes'
  | 'tombstoneWindowMs'
>;

function writingRules(written: FilePipeline): WritingRules {
  const d = PIPELINE_DEFAULTS;
  return {
    epoch: written.epoch ?? d.epoch,
    value: written.value ?? d.value,
    largeIntegers: written.largeIntegers ?? d.largeIntegers,
    envelope: written.envelope ?? d.envelope,
    dates: written.dates ?? [],
    recordLimits: recordLimitsOf(written),
    documentId: documentIdOf(written),
    version: versionOf(written),
    deletes: written.deletes ?? d.deletes,
    tombstoneWindowMs: written.tombstoneWindow ?? d.tombstoneWindowMs,
  };
}

function recordLimitsOf({ recordLimits }: FilePipeline): PipelineSettings['recordLimits'] {
  const { maxBytes, maxDepth, maxKeys } = RECORD_LIMIT_DEFAULTS;
  return {
    maxBytes: recordLimits?.maxBytes ?? maxBytes,
    maxDepth: recordLimits?.maxDepth ?? maxDepth,
    maxKeys: recordLimits?.maxKeys ?? maxKeys,
  };
}

/** Where the file says nothing, names follow from the pipeline's. */
export type Names = Partial<Pick<FilePipeline, 'group' | 'collection' | 'deadLetters'>>;

export const groupOf = (name: string, { group }: Names): string => group ?? `drain-${name}`;
export const collectionOf = (name: string, { collection }: Names): string => collection ?? name;
export const deadLettersOf = (name: string, written: Names): string => {
  const collection = collectionOf(name, written);
  const stem = isPerTopic({ collection }) ? name : collection;
  return written.deadLetters?.collection ?? `${stem}.dead_letters`;
};

function topicsOf({ topic, topics, topicPattern }: FilePipeline): Pick<PipelineSettings, 'topic' | 'topics'> {
  const selected: TopicSelection =
    topicPattern === undefined ? { names: topics ?? [topic ?? ''] } : { pattern: topicPattern };
  return { topics: selected, topic: topicsText(selected) };
}

function toleranceOf({ deadLetters }: FilePipeline): PipelineSettings['deadLetters']['tolerate'] {
  const written = deadLetters?.tolerate ?? PIPELINE_DEFAULTS.tolerate;
  return typeof written === 'string'
    ? written
    : { count: written.count ?? null, ratio: written.ratio ?? null };
}

function documentIdOf({
  documentId = PIPELINE_DEFAULTS.documentId,
  keyFormat,
}: FilePipeline): DocumentIdRule {
  if (documentId === 'coordinates') return { from: 'coordinates' };
  if (documentId === 'key') return { from: 'key', format: keyFormat ?? PIPELINE_DEFAULTS.keyFormat };
  const { field, fields, keyField, keyFields = [] } = documentId;
  if (field !== undefined) return { from: 'field', field };
  if (fields !== undefined) return { from: 'fields', fields };
  // a key without fields couldn't have them
  const format = keyFormat ?? 'json';
  return keyField === undefined
    ? { from: 'keyFields', fields: keyFields, format }
    : { from: 'keyField', field: keyField, format };
}

function versionOf({ version = PIPELINE_DEFAULTS.version }: FilePipeline): VersionRule {
  return typeof version === 'string' ? { by: version } : { by: 'field', field: version.field };
}

function startOf({ start = PIPELINE_DEFAULTS.start }: FilePipeline): StartPolicy {
  return typeof start === 'string' ? start : { timestampMs: start.timestamp };
}

const OVERLAP: Readonly<Record<NonNullable<FileSchedule['overlap']>, OverlapPolicy>> = {
  skip: 'skip',
  'buffer-one': 'bufferOne',
  'buffer-all': 'bufferAll',
  'cancel-other': 'cancelOther',
  'terminate-other': 'terminateOther',
  'allow-all': 'allowAll',
};

function scheduleOf(written: FileSchedule): ScheduleSettings {
  const intervalMs = intervalOf(written);
  const cron = written.cron === undefined ? null : [written.cron].flat();
  return {
    every: intervalMs === null ? null : { intervalMs, offsetMs: written.offset ?? 0 },
    cron: cron === null ? null : { expressions: cron, timezone: written.timezone ?? null },
    jitterMs: written.jitter ?? 0,
    overlap: OVERLAP[written.overlap ?? SCHEDULE_DEFAULTS.overlap],
    catchupWindowMs: written.catchupWindow ?? intervalMs ?? SCHEDULE_DEFAULTS.cronCatchupWindowMs,
  };
}
