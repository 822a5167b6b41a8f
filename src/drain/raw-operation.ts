/** Records whose values become BSON without an object in between. */
import { partitionName, type KafkaRecord } from '../kafka/source.js';
import type { RawFields, Transcoder } from '../mongodb/json-to-bson.js';
import { rawUpsertOf } from '../mongodb/raw-upsert.js';
import type { Fields } from './decode.js';
import { documentIdOf, idInPlace, type KeyReaders } from './document-id.js';
import type { Operation, OperationRules } from './operation.js';
import { ownIdFault, withoutId } from './stored-fields.js';
import { declaredOf } from './version.js';

export type RecordTranscoder = Pick<Transcoder, 'toBson' | 'pick'>;

/** For values that no later step looks into, beyond their id and version. `null`: a tombstone, or left to the parser. */
export function createToRaw(
  rules: OperationRules,
  keys: KeyReaders,
  transcoder: RecordTranscoder,
): (record: KafkaRecord) => Operation | null {
  const lookedAt = fieldsLookedAt(rules);
  return (record) => {
    const raw = rawFieldsOf(record, transcoder);
    const looked = raw === null ? null : transcoder.pick(raw, lookedAt);
    return raw === null || looked === null ? null : rawOperation(rules, keys, record, raw, looked);
  };
}

/** The fields of the value that its id and version are taken from, and in BSON its own `_id`: from JSON, one that has it is parsed. */
function fieldsLookedAt({ value, documentId, version }: OperationRules): string[] {
  const looked = [...(value === 'bson' ? ['_id'] : []), ...(version.by === 'field' ? [version.field] : [])];
  if (documentId.from === 'field') return [documentId.field, ...looked];
  return documentId.from === 'fields' ? [...documentId.fields, ...looked] : looked;
}

function rawFieldsOf(record: KafkaRecord, { toBson }: RecordTranscoder): RawFields | null {
  const { places } = record;
  if (places === undefined) return record.value === null ? null : toBson(record.value);
  const { buffer, valueAt, valueBytes } = places;
  return valueBytes < 0 ? null : toBson(buffer, valueAt, valueAt + valueBytes);
}

/** What comes as BSON has no fields of ours but perhaps its id, and nothing that can't be stored. */
function rawOperation(
  rules: OperationRules,
  keys: KeyReaders,
  record: KafkaRecord,
  raw: RawFields,
  looked: Fields,
): Operation {
  const inPlace = Object.hasOwn(looked, '_id') ? null : idInPlace(rules.documentId, record, keys);
  const id = inPlace ?? documentIdOf(rules.documentId, record, looked, rules.epoch, keys);
  if ('kind' in id && id.kind === 'bad') return id;
  const declared = declaredOf(rules, record, { fields: looked, source: null });
  if (declared.kind === 'bad') return declared;
  const own = 'kind' in id ? ownIdFault(looked, id.idKey) : null;
  if (own !== null) return own;
  const model = rawUpsertOf({
    // written out: a spread costs as much as transcoding the value
    id,
    partition: partitionName(record),
    epoch: rules.epoch,
    place: record,
    declared: declared.value,
    fields: withoutId(raw, looked),
  });
  return { kind: 'write', model };
}
