/**
 * For tests of a transform: what the drain would make of a record, without any server.
 *
 * ```js
 * import { transformRecord } from 'kafka-drain/testing';
 * import { transform } from './orders.js';
 *
 * const result = await transformRecord(transform, { key: 'o-1', value: { total: 1250 } });
 * assert.deepEqual(result, { outcome: 'written', document: { _id: 'o-1', total: 12.5 } });
 * ```
 */
import { PIPELINE } from './config/pipeline-schema.js';
import { toPipeline } from './config/pipelines.js';
import { pipelineProblems } from './config/rules.js';
import { pathText } from './config/problem.js';
import { WORKER_DEFAULTS } from './config/defaults.js';
import type { PipelineSettings } from './config/settings.js';
import { createToOperation, type Operation } from './drain/operation.js';
import { createTransformCall } from './drain/transform-step.js';
import { DrainError } from './errors.js';
import type { KafkaRecord } from './kafka/source.js';
import { isPlain } from './mongodb/kinds.js';
import type { Transform } from './transform.js';

/** A record in plain values. */
export interface PlainRecord {
  /** Default: `topic`. */
  topic?: string;
  /** Default: 0. */
  partition?: number;
  /** Default: 0. */
  offset?: bigint | number;
  /** Milliseconds since 1970 if not a date; `null`: none. Default: 1970. */
  timestamp?: Date | number | null;
  /** Default: none. */
  key?: string | Buffer | null;
  headers?: Record<string, string | Buffer | null>;
  /** A text or bytes as they are, `null` a tombstone, anything else as JSON. */
  value: unknown;
}

/** The keys of a pipeline in `drain.yaml` that say what becomes of a record: `value`, `dates`, `documentId` and so on. */
export type PipelineRules = Record<string, unknown>;

/** What becomes of the record, as far as that can be told without MongoDB. */
export type TransformOutcome =
  /** As it would be stored (null where the transform left `undefined`), but for the reserved field `_kafka`. */
  | { outcome: 'written'; document: Record<string, unknown> }
  | { outcome: 'deleted'; id: unknown }
  | { outcome: 'skipped' }
  | { outcome: 'dead-lettered'; stage: string; code: string; reason: string };

/**
 * Sends one record through decoding, the transform, and everything up to the write.
 * Throws `CONFIG_INVALID` where the rules couldn't stand in a configuration.
 */
export async function transformRecord<Value extends object>(
  transform: Transform<Value>,
  record: PlainRecord,
  rules: PipelineRules = {},
): Promise<TransformOutcome> {
  // Whether the values are what the transform expects is what the test is about.
  const step = createTransformCall(transform as unknown as Transform);
  const toOperation = createToOperation(settingsFrom(rules), new Date(0), { transform: step });
  return outcomeOf(await toOperation(recordFrom(record)));
}

/** A format of a schema registry needs one, and this helper has none: give such records as JSON. */
const SURROUNDINGS = { heartbeatIntervalMs: WORKER_DEFAULTS.heartbeatIntervalMs, hasRegistry: false };

function settingsFrom(rules: PipelineRules): PipelineSettings {
  const written = { topic: 'topic', ...rules, transform: './transform.js' };
  const parsed = PIPELINE.safeParse(written);
  const issues = parsed.success
    ? pipelineProblems(written, SURROUNDINGS).map(({ path, text }) => ({ path, text }))
    : parsed.error.issues.map(({ path, message }) => ({ path: path.map(String), text: message }));
  if (parsed.success && issues.length === 0) return toPipeline('test', parsed.data, 'test');
  const texts = issues.map(({ path, text }) => `${pathText(path)}: ${text}`);
  throw new DrainError('CONFIG_INVALID', `the rules are no pipeline's: ${texts.join('; ')}`);
}

function recordFrom({ timestamp = 0, offset = 0, key, headers, value, ...rest }: PlainRecord): KafkaRecord {
  return {
    topic: rest.topic ?? 'topic',
    partition: rest.partition ?? 0,
    offset: BigInt(offset),
    timestampMs: timestamp === null ? -1 : Number(timestamp),
    key: bytesOf(key),
    value: bytesOf(typeof value === 'object' && !Buffer.isBuffer(value) ? jsonOf(value) : value),
    headers: Object.entries(headers ?? {}).map(([name, content]) => ({ name, value: bytesOf(content) })),
  };
}

function jsonOf(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

function bytesOf(content: unknown): Buffer | null {
  if (content === null || content === undefined) return null;
  if (Buffer.isBuffer(content)) return content;
  return Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));
}

function outcomeOf(operation: Operation): TransformOutcome {
  if (operation.kind === 'skip') return { outcome: 'skipped' };
  if (operation.kind === 'bad') {
    const { stage, code, reason } = operation;
    return { outcome: 'dead-lettered', stage, code, reason };
  }
  const { model } = operation;
  if (model.kind === 'delete') return { outcome: 'deleted', id: model.id };
  const { id, fields } = model;
  return { outcome: 'written', document: { _id: id, ...stored(fields) } };
}

function stored(fields: object): Record<string, unknown> {
  const entries: Iterable<[string, unknown]> = fields instanceof Map ? fields : Object.entries(fields);
  return Object.fromEntries([...entries].map(([name, value]) => [name, asStored(value)]));
}

/** As MongoDB will hold it: `undefined` is null there, and a Map an object. */
function asStored(value: unknown): unknown {
  if (value === undefined) return null;
  if (Array.isArray(value)) return value.map(asStored);
  if (typeof value !== 'object' || value === null) return value;
  return value instanceof Map || isPlain(value) ? stored(value) : value;
}
