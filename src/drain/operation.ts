import type { PipelineSettings } from '../config/settings.js';
import type { KafkaRecord } from '../kafka/source.js';
import type { WriteModel } from '../mongodb/sink.js';
import { bad, type BadRecord } from './bad-record.js';
import { convertDates } from './dates.js';
import { decodeValue, type Decoded, type Fields } from './decode.js';
import { documentIdOf, idKeyOf } from './document-id.js';
import { decodeChange, isMongodb, withIdOfKey, type Change } from './envelope.js';
import { connectorOfKey, readKeyWith, readMongodbKey, type ReadKey } from './key-fields.js';
import type { Transformed } from './transform-result.js';
import type { TransformStep } from './transform-step.js';
import { versionOf, versionOrderOf, type VersionRules } from './version.js';

/** What becomes of one record before anything is written. */
export type Operation = { kind: 'write'; model: WriteModel } | { kind: 'skip' } | BadRecord;

/** The step record → operation. A promise only where something must be waited for: most records are turned at once. */
export type ToOperation = (record: KafkaRecord) => Operation | Promise<Operation>;

export type OperationRules = VersionRules &
  Pick<PipelineSettings, 'value' | 'largeIntegers' | 'documentId' | 'deletes' | 'envelope' | 'dates'>;

/** The reserved field that carries a document's version. */
export const VERSION_FIELD = '_kafka';

type Turned = Operation | Promise<Operation>;

/** The rules of a run, and what follows from them once for all records. */
interface Context {
  rules: OperationRules;
  transform: TransformStep | null;
  purgeAt: Date | null;
  /** Whether a delete is passed over. */
  skipsDeletes: boolean;
  readKey: ReadKey;
  /** The same for keys of change events of MongoDB's connector. */
  readMongodbKey: ReadKey;
}

/**
 * Builds the step record → operation for one run.
 * @param purgeAt when tombstones written by this run may be purged; taken from the plan, so that every attempt writes the same.
 * @param transform the pipeline's own step between decoding and document id.
 */
export function createToOperation(rules: OperationRules, purgeAt: Date): (record: KafkaRecord) => Operation;
export function createToOperation(
  rules: OperationRules,
  purgeAt: Date,
  transform: TransformStep | null,
): ToOperation;
export function createToOperation(
  rules: OperationRules,
  purgeAt: Date,
  transform: TransformStep | null = null,
): ToOperation {
  const readKey = readKeyWith(rules);
  const context: Context = {
    rules,
    transform,
    purgeAt: rules.deletes === 'hard' ? null : purgeAt,
    // Append-only documents have nothing a tombstone could refer to.
    skipsDeletes: rules.deletes === 'ignore' || rules.documentId.from === 'coordinates',
    readKey,
    readMongodbKey: readMongodbKey(readKey),
  };
  const isEnveloped = rules.envelope === 'debezium';
  return (record) => {
    if (record.value === null)
      return isEnveloped ? lastTombstone(context, record) : tombstone(context, record);
    // What a transform gets it may keep, and a slice of the fetch would keep all of it.
    const value = transform === null ? record.value : Buffer.from(record.value);
    return isEnveloped ? changeOperation(context, record, value) : plain(context, record, value);
  };
}

function tombstone(context: Context, record: KafkaRecord): Operation {
  if (context.skipsDeletes) return { kind: 'skip' };
  return deleteOperation(context, record, { fields: null, source: null }, context.readKey);
}

/**
 * The tombstone that follows a delete event. It deletes once more, since after compaction it is all that is left; unless it
 * can't say which document, or how old it is, which the event before it could.
 */
function lastTombstone(context: Context, record: KafkaRecord): Operation {
  const { rules, readKey } = context;
  const { from } = rules.documentId;
  if (versionOrderOf(rules.version) === 'declared' || from === 'field' || from === 'fields')
    return { kind: 'skip' };
  const connector = from === 'key' ? 'relational' : connectorOfKey(readKey, record.key);
  if (connector === 'ambiguous' || context.skipsDeletes) return { kind: 'skip' };
  const read = connector === 'mongodb' ? context.readMongodbKey : readKey;
  return deleteOperation(context, record, { fields: null, source: null }, read);
}

function plain(context: Context, record: KafkaRecord, value: Buffer): Turned {
  const decoded = withDates(context.rules, decodeValue(context.rules, value));
  if (decoded.kind === 'bad') return decoded;
  return upsertOperation(context, record, { fields: decoded.fields, source: null }, context.readKey);
}

function changeOperation(context: Context, record: KafkaRecord, value: Buffer): Turned {
  const change = decodeChange(context.rules, value);
  if (change.kind === 'bad' || change.kind === 'skip') return change;
  const { kind, source } = change;
  const readKey = isMongodb(source) ? context.readMongodbKey : context.readKey;
  if (kind === 'delete') return changeDelete(context, record, change, readKey);
  const row = withDates(context.rules, change);
  if (row.kind === 'bad') return row;
  return upsertOperation(context, record, { fields: row.fields, source }, readKey);
}

function changeDelete(
  context: Context,
  record: KafkaRecord,
  { fields, source }: Extract<Change, { kind: 'delete' }>,
  readKey: ReadKey,
): Operation {
  if (context.skipsDeletes) return { kind: 'skip' };
  const key = isMongodb(source) && record.key !== null ? readKey(record.key) : null;
  const before = withIdOfKey(fields, key);
  if (before === null) return deleteOperation(context, record, { fields: null, source }, readKey);
  // of the same types as the stored row, since its fields are compared with those
  const row = withDates(context.rules, { kind: 'fields', fields: before });
  if (row.kind === 'bad') return row;
  return deleteOperation(context, record, { fields: row.fields, source }, readKey);
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
  readKey: ReadKey,
): Operation {
  const id = documentIdOf(rules.documentId, record, content.fields, rules.epoch, readKey);
  if (id.kind === 'bad') return id;
  const versioned = versionOf(rules, record, content);
  if (versioned.kind === 'bad') return versioned;
  const { version } = versioned;
  return { kind: 'write', model: { kind: 'delete', id: id.id, idKey: id.idKey, version, purgeAt } };
}

/** The version is that of the value as it came, whatever the transform makes of it. */
function upsertOperation(
  { rules, transform }: Context,
  record: KafkaRecord,
  content: Content<Fields>,
  readKey: ReadKey,
): Turned {
  const versioned = versionOf(rules, record, content);
  const finish = (transformed: Transformed): Operation =>
    transformed.kind === 'fields'
      ? documentOperation(rules, record, { fields: transformed.fields, versioned, readKey })
      : transformed;
  if (transform === null) return finish({ kind: 'fields', fields: content.fields });
  const transformed = transform(record, content.fields);
  return transformed instanceof Promise ? transformed.then(finish) : finish(transformed);
}

interface Document {
  fields: Fields;
  versioned: ReturnType<typeof versionOf>;
  readKey: ReadKey;
}

function documentOperation(
  rules: OperationRules,
  record: KafkaRecord,
  { fields, versioned, readKey }: Document,
): Operation {
  const id = documentIdOf(rules.documentId, record, fields, rules.epoch, readKey);
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

/** The value's fields without its own `_id`, which must agree with the document id. */
function storedFields(fields: Fields, idKey: string): { kind: 'fields'; fields: Fields } | BadRecord {
  if (Object.hasOwn(fields, VERSION_FIELD)) {
    return bad('id', 'RESERVED_FIELD', `the value brings the reserved field "${VERSION_FIELD}"`);
  }
  if (!Object.hasOwn(fields, '_id')) return { kind: 'fields', fields };
  const { _id: own, ...rest } = fields;
  return idKeyOf(own) === idKey
    ? { kind: 'fields', fields: rest }
    : bad('id', 'ID_MISMATCH', 'the value brings an "_id" other than the document id');
}
