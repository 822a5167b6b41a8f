import type { PipelineSettings } from '../config/settings.js';
import { partitionName, type KafkaRecord } from '../kafka/source.js';
import type { Version, WriteModel } from '../mongodb/sink.js';
import { unwrapped } from '../mongodb/values.js';
import type { Schemas } from '../registry/schemas.js';
import { bad, type BadRecord } from './bad-record.js';
import { decodeValue, type DecodeRules, type Fields } from './decode.js';
import { decodeKey } from './decode-key.js';
import { documentIdOf, type IdOutcome } from './document-id.js';
import type { Transformed } from './transform-result.js';
import type { TransformStep } from './transform-step.js';

/** What becomes of one record before anything is written. */
export type Operation = { kind: 'write'; model: WriteModel } | { kind: 'skip' } | BadRecord;

/** The step record → operation. A promise only where something must be waited for: most records are turned at once. */
export type ToOperation = (record: KafkaRecord) => Operation | Promise<Operation>;

export type OperationRules = DecodeRules & Pick<PipelineSettings, 'documentId' | 'deletes' | 'epoch'>;

/** What a record goes through beside the rules. */
export interface Steps {
  /** In which whatever a record names is loaded by then (`withSchemas`); `null`: no format needs one. */
  schemas?: Schemas | null;
  /** The pipeline's own step between decoding and document id; `null`: it has none. */
  transform?: TransformStep | null;
}

type Rules = OperationRules & { schemas: Schemas | null; transform: TransformStep | null };

/** The reserved field that carries a document's version. */
export const VERSION_FIELD = '_kafka';

/**
 * Builds the step record → operation for one run.
 * @param purgeAt when tombstones written by this run may be purged; taken from the plan, so that every attempt writes the same.
 */
export function createToOperation(
  pipeline: OperationRules,
  purgeAt: Date,
): (record: KafkaRecord) => Operation;
export function createToOperation(pipeline: OperationRules, purgeAt: Date, steps: Steps): ToOperation;
export function createToOperation(
  pipeline: OperationRules,
  purgeAt: Date,
  { schemas = null, transform = null }: Steps = {},
): ToOperation {
  const rules = { ...pipeline, schemas, transform };
  return (record) =>
    record.value === null
      ? tombstoneOperation(rules, purgeAt, record)
      : upsertOperation(rules, record, record.value);
}

function tombstoneOperation(rules: Rules, purgeAt: Date, record: KafkaRecord): Operation {
  // Append-only documents have nothing a tombstone could refer to.
  if (rules.deletes === 'ignore' || rules.documentId.from === 'coordinates') return { kind: 'skip' };
  const id = idOf(rules, record, null);
  if (id.kind === 'bad') return id;
  const { id: documentId, idKey } = id;
  return {
    kind: 'write',
    model: { kind: 'delete', id: documentId, idKey, version: versionOf(rules, record), purgeAt },
  };
}

function upsertOperation(rules: Rules, record: KafkaRecord, value: Buffer): Operation | Promise<Operation> {
  const { transform, schemas } = rules;
  // What a transform gets it may keep, and a slice of the fetch would keep all of it.
  const own = transform === null ? value : Buffer.from(value);
  const decoded = decodeValue(rules, own, { schemas, headers: record.headers });
  if (decoded.kind === 'bad') return decoded;
  if (transform === null) return documentOperation(rules, record, decoded.fields);
  const transformed = transform(record, decoded.fields);
  return transformed instanceof Promise
    ? transformed.then((settled) => transformedOperation(rules, record, settled))
    : transformedOperation(rules, record, transformed);
}

function transformedOperation(rules: Rules, record: KafkaRecord, transformed: Transformed): Operation {
  return transformed.kind === 'fields' ? documentOperation(rules, record, transformed.fields) : transformed;
}

function documentOperation(rules: Rules, record: KafkaRecord, value: Fields): Operation {
  const id = idOf(rules, record, value);
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

function idOf(
  { documentId, epoch, recordLimits, schemas }: Rules,
  record: KafkaRecord,
  fields: Fields | null,
): IdOutcome {
  return documentIdOf(documentId, record, fields, epoch, (keyFormat, key, { headers }) =>
    decodeKey({ keyFormat, recordLimits }, key, { schemas, headers }),
  );
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
