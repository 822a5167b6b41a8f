import type { PipelineSettings } from '../config/settings.js';
import type { KafkaRecord } from '../kafka/source.js';
import type { WriteModel } from '../mongodb/sink.js';
import type { Schemas } from '../registry/schemas.js';
import type { BadRecord } from './bad-record.js';
import { decodePayload } from './connect-envelope.js';
import { convertDates } from './dates.js';
import { decodeValue, type Decoded, type Fields } from './decode.js';
import { createKeyReaders, documentIdOf, type KeyReaders } from './document-id.js';
import { decodeChange, isMongodb, withIdOfKey, type Change } from './envelope.js';
import { connectorOfKey, readMongodbKey } from './key-fields.js';
import type { RegistryContext } from './registry-formats.js';
import { createToRaw, type RecordTranscoder } from './raw-operation.js';
import { storedFields } from './stored-fields.js';
import type { Transformed } from './transform-result.js';
import type { TransformStep } from './transform-step.js';
import { versionOf, versionOrderOf, type VersionRules } from './version.js';

/** What becomes of one record before anything is written. */
export type Operation = { kind: 'write'; model: WriteModel } | { kind: 'skip' } | BadRecord;

/** The step record → operation. A promise only where something must be waited for: most records are turned at once. */
export type ToOperation = (record: KafkaRecord) => Operation | Promise<Operation>;

export type OperationRules = VersionRules &
  Pick<
    PipelineSettings,
    'value' | 'largeIntegers' | 'recordLimits' | 'documentId' | 'deletes' | 'envelope' | 'dates'
  >;

type Turned = Operation | Promise<Operation>;

/** What a record goes through beside the rules. */
export interface Steps {
  /** In which whatever a record names is loaded by then (`withSchemas`); `null`: no format needs one. */
  schemas?: Schemas | null;
  /** The pipeline's own step between decoding and document id; `null`: it has none. */
  transform?: TransformStep | null;
  /** For values that nobody looks into before they are stored; left out or `null`: everything is parsed. */
  transcoder?: RecordTranscoder | null;
}

/** The rules of a run, and what follows from them once for all records. */
interface Context {
  rules: OperationRules;
  schemas: Schemas | null;
  transform: TransformStep | null;
  purgeAt: Date | null;
  /** Whether a delete is passed over. */
  skipsDeletes: boolean;
  keys: KeyReaders;
  /** The same for keys of change events of MongoDB's connector. */
  mongodbKeys: KeyReaders;
}

/**
 * Builds the step record → operation for one run.
 * @param purgeAt when tombstones written by this run may be purged; taken from the plan, so that every attempt writes the same.
 */
export function createToOperation(rules: OperationRules, purgeAt: Date): (record: KafkaRecord) => Operation;
export function createToOperation(rules: OperationRules, purgeAt: Date, steps: Steps): ToOperation;
export function createToOperation(
  rules: OperationRules,
  purgeAt: Date,
  { schemas = null, transform = null, transcoder = null }: Steps = {},
): ToOperation {
  const keys = createKeyReaders(rules, schemas);
  const context: Context = {
    ...{ rules, schemas, transform, keys },
    purgeAt: rules.deletes === 'hard' ? null : purgeAt,
    // Append-only documents have nothing a tombstone could refer to.
    skipsDeletes: rules.deletes === 'ignore' || rules.documentId.from === 'coordinates',
    mongodbKeys: { ...keys, fields: readMongodbKey(keys.fields), takesObjects: true },
  };
  const toRaw =
    transcoder === null || looksInto(rules, transform) ? null : createToRaw(rules, keys, transcoder);
  const isEnveloped = rules.envelope === 'debezium';
  const turn = TURNS[rules.envelope];
  return (record) => {
    const raw = toRaw?.(record) ?? null;
    if (raw !== null) return raw;
    const { value: bytes } = record;
    if (bytes === null) return isEnveloped ? lastTombstone(context, record) : tombstone(context, record);
    // What a transform gets it may keep, and the memory of a fetch is used again.
    const value = transform === null ? bytes : Buffer.from(bytes);
    return turn(context, record, value);
  };
}

const TURNS: Record<
  OperationRules['envelope'],
  (context: Context, record: KafkaRecord, value: Buffer) => Turned
> = { none: plain, debezium: changeOperation, connect: connectOperation };

/** Whether a step beyond decoding needs the fields of a value, all of them. */
function looksInto({ value, envelope, dates }: OperationRules, transform: TransformStep | null): boolean {
  const isPlain = value === 'json' || value === 'bson';
  return !isPlain || envelope !== 'none' || dates.length > 0 || transform !== null;
}

function registryOf({ schemas }: Context, record: KafkaRecord): RegistryContext {
  return { schemas, record };
}

function tombstone(context: Context, record: KafkaRecord): Operation {
  if (context.skipsDeletes) return { kind: 'skip' };
  return deleteOperation(context, record, { fields: null, source: null }, context.keys);
}

/**
 * The tombstone that follows a delete event. It deletes once more, since after compaction it is all that is left; unless it
 * can't say which document, or how old it is, which the event before it could.
 */
function lastTombstone(context: Context, record: KafkaRecord): Operation {
  const { rules, keys } = context;
  const { from } = rules.documentId;
  if (versionOrderOf(rules.version) === 'declared' || from === 'field' || from === 'fields')
    return { kind: 'skip' };
  const connector = from === 'key' ? 'relational' : connectorOfKey(keys.fields, record);
  if (connector === 'ambiguous' || context.skipsDeletes) return { kind: 'skip' };
  const readers = connector === 'mongodb' ? context.mongodbKeys : keys;
  return deleteOperation(context, record, { fields: null, source: null }, readers);
}

function plain(context: Context, record: KafkaRecord, value: Buffer): Turned {
  const decoded = withDates(context.rules, decodeValue(context.rules, value, registryOf(context, record)));
  if (decoded.kind === 'bad') return decoded;
  return upsertOperation(context, record, { fields: decoded.fields, source: null }, context.keys);
}

/** A payload of null is how Connect's JSON converter writes a tombstone. */
function connectOperation(context: Context, record: KafkaRecord, value: Buffer): Turned {
  const decoded = decodePayload(context.rules, value);
  if (decoded === null) return tombstone(context, record);
  const payload = withDates(context.rules, decoded);
  if (payload.kind === 'bad') return payload;
  return upsertOperation(context, record, { fields: payload.fields, source: null }, context.keys);
}

function changeOperation(context: Context, record: KafkaRecord, value: Buffer): Turned {
  const change = decodeChange(context.rules, value, registryOf(context, record));
  if (change.kind === 'bad' || change.kind === 'skip') return change;
  const { kind, source } = change;
  const readers = isMongodb(source) ? context.mongodbKeys : context.keys;
  if (kind === 'delete') return changeDelete(context, record, change, readers);
  const row = withDates(context.rules, change);
  if (row.kind === 'bad') return row;
  return upsertOperation(context, record, { fields: row.fields, source }, readers);
}

function changeDelete(
  context: Context,
  record: KafkaRecord,
  { fields, source }: Extract<Change, { kind: 'delete' }>,
  readers: KeyReaders,
): Operation {
  if (context.skipsDeletes) return { kind: 'skip' };
  const key = isMongodb(source) && record.key !== null ? readers.fields(record.key, record) : null;
  const before = withIdOfKey(fields, key);
  if (before === null) return deleteOperation(context, record, { fields: null, source }, readers);
  // of the same types as the stored row, since its fields are compared with those
  const row = withDates(context.rules, { kind: 'fields', fields: before });
  if (row.kind === 'bad') return row;
  return deleteOperation(context, record, { fields: row.fields, source }, readers);
}

function withDates(
  { dates }: OperationRules,
  decoded: { kind: 'fields' | 'upsert'; fields: Fields } | BadRecord,
): Decoded {
  if (decoded.kind === 'bad') return decoded;
  if (dates.length === 0) return { kind: 'fields', fields: decoded.fields };
  const fields = { ...decoded.fields };
  return convertDates(fields, dates) ?? { kind: 'fields', fields };
}

/** What a record brings, and what its envelope says about where it comes from. */
interface Content<F extends Fields | null> {
  fields: F;
  source: Fields | null;
}

function deleteOperation(
  { rules, purgeAt }: Context,
  record: KafkaRecord,
  content: Content<Fields | null>,
  readers: KeyReaders,
): Operation {
  const id = documentIdOf(rules.documentId, record, content.fields, rules.epoch, readers);
  if (id.kind === 'bad') return id;
  const versioned = versionOf(rules, record, content);
  if (versioned.kind === 'bad') return withRemedy(rules, content, versioned);
  const { version } = versioned;
  return { kind: 'write', model: { kind: 'delete', id: id.id, idKey: id.idKey, version, purgeAt } };
}

/** PostgreSQL tells no more than the key of a deleted row, unless its table is set to. */
function withRemedy(
  { version }: OperationRules,
  { source }: Content<Fields | null>,
  fault: BadRecord,
): BadRecord {
  if (version.by !== 'field' || fault.code !== 'VERSION_MISSING' || source === null) return fault;
  const remedy =
    'a delete event must bring the row as it was: set REPLICA IDENTITY FULL on the table in PostgreSQL, or use `version: source`';
  return { ...fault, reason: `${fault.reason}; ${remedy}` };
}

/** The version is that of the value as it came, whatever the transform makes of it. */
function upsertOperation(
  { rules, transform }: Context,
  record: KafkaRecord,
  content: Content<Fields>,
  readers: KeyReaders,
): Turned {
  const versioned = versionOf(rules, record, content);
  const finish = (transformed: Transformed): Operation =>
    transformed.kind === 'fields'
      ? documentOperation(rules, record, { fields: transformed.fields, versioned, readers })
      : transformed;
  if (transform === null) return finish({ kind: 'fields', fields: content.fields });
  const transformed = transform(record, content.fields);
  return transformed instanceof Promise ? transformed.then(finish) : finish(transformed);
}

interface Document {
  fields: Fields;
  versioned: ReturnType<typeof versionOf>;
  readers: KeyReaders;
}

function documentOperation(
  rules: OperationRules,
  record: KafkaRecord,
  { fields, versioned, readers }: Document,
): Operation {
  const id = documentIdOf(rules.documentId, record, fields, rules.epoch, readers);
  if (id.kind === 'bad') return id;
  if (versioned.kind === 'bad') return versioned;
  const stored = storedFields(fields, id.idKey);
  if (stored.kind === 'bad') return stored;
  const { version } = versioned;
  return {
    kind: 'write',
    model: { kind: 'upsert', id: id.id, idKey: id.idKey, version, fields: stored.fields },
  };
}
