import type { PipelineSettings } from '../config/settings.js';
import { partitionName, type KafkaRecord } from '../kafka/source.js';
import type { Version, WriteModel } from '../mongodb/sink.js';
import { unwrapped } from '../mongodb/values.js';
import { bad, type BadRecord } from './bad-record.js';
import { decodeValue, type DecodeRules, type Fields } from './decode.js';
import { documentIdOf } from './document-id.js';
import type { Transformed } from './transform-result.js';
import type { TransformStep } from './transform-step.js';

/** What becomes of one record before anything is written. */
export type Operation = { kind: 'write'; model: WriteModel } | { kind: 'skip' } | BadRecord;

/** The step record → operation. A promise only where something must be waited for: most records are turned at once. */
export type ToOperation = (record: KafkaRecord) => Operation | Promise<Operation>;

export type OperationRules = DecodeRules & Pick<PipelineSettings, 'documentId' | 'deletes' | 'epoch'>;

/** The reserved field that carries a document's version. */
export const VERSION_FIELD = '_kafka';

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
  return (record) =>
    record.value === null
      ? tombstoneOperation(rules, purgeAt, record)
      : upsertOperation(rules, transform, record, record.value);
}

function tombstoneOperation(rules: OperationRules, purgeAt: Date, record: KafkaRecord): Operation {
  // Append-only documents have nothing a tombstone could refer to.
  if (rules.deletes === 'ignore' || rules.documentId.from === 'coordinates') return { kind: 'skip' };
  const id = documentIdOf(rules.documentId, record, null, rules.epoch);
  if (id.kind === 'bad') return id;
  const { id: documentId, idKey } = id;
  return {
    kind: 'write',
    model: { kind: 'delete', id: documentId, idKey, version: versionOf(rules, record), purgeAt },
  };
}

function upsertOperation(
  rules: OperationRules,
  transform: TransformStep | null,
  record: KafkaRecord,
  value: Buffer,
): Operation | Promise<Operation> {
  // What a transform gets it may keep, and a slice of the fetch would keep all of it.
  const decoded = decodeValue(rules, transform === null ? value : Buffer.from(value));
  if (decoded.kind === 'bad') return decoded;
  if (transform === null) return documentOperation(rules, record, decoded.fields);
  const transformed = transform(record, decoded.fields);
  return transformed instanceof Promise
    ? transformed.then((settled) => transformedOperation(rules, record, settled))
    : transformedOperation(rules, record, transformed);
}

function transformedOperation(
  rules: OperationRules,
  record: KafkaRecord,
  transformed: Transformed,
): Operation {
  return transformed.kind === 'fields' ? documentOperation(rules, record, transformed.fields) : transformed;
}

function documentOperation(rules: OperationRules, record: KafkaRecord, value: Fields): Operation {
  const id = documentIdOf(rules.documentId, record, value, rules.epoch);
  if (id.kind === 'bad') return id;
  const fields = storedFields(value, id.id);
  if (fields.kind === 'bad') return fields;
  return {
    kind: 'write',
    model: {
      kind: 'upsert',
      id: id.id,
      idKey: id.idKey,
      version: versionOf(rules, record),
      fields: fields.fields,
    },
  };
}

/** The value's fields without its own `_id`, which must agree with the document id. */
function storedFields(fields: Fields, id: unknown): { kind: 'fields'; fields: Fields } | BadRecord {
  if (Object.hasOwn(fields, VERSION_FIELD)) {
    return bad('id', 'RESERVED_FIELD', `the value brings the reserved field "${VERSION_FIELD}"`);
  }
  if (!Object.hasOwn(fields, '_id')) return { kind: 'fields', fields };
  const { _id: own, ...rest } = fields;
  return isSame(own, id)
    ? { kind: 'fields', fields: rest }
    : bad('id', 'ID_MISMATCH', 'the value brings an "_id" other than the document id');
}

/** BSON and extended JSON bring numbers with their types. */
function isSame(own: unknown, id: unknown): boolean {
  return unwrapped(own) === unwrapped(id);
}

function versionOf(rules: OperationRules, record: KafkaRecord): Version {
  return {
    partition: partitionName(record),
    offset: record.offset,
    timestampMs: record.timestampMs,
    epoch: rules.epoch,
  };
}
