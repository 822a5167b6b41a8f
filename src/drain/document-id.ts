import type { DocumentIdRule, PipelineSettings } from '../config/settings.js';
import type { KafkaRecord, RecordPlaces } from '../kafka/source.js';
import { isAscii } from '../mongodb/plain-text.js';
import { isOwnTextKey } from '../mongodb/values.js';
import type { Headers } from '../registry/framing.js';
import type { Schemas } from '../registry/schemas.js';
import { bad, type BadRecord } from './bad-record.js';
import type { Fields } from './decode.js';
import type { DecodedKey } from './decode-key.js';
import { compositeId, hasFields, scalarId, stringId, valueId, type IdOutcome } from './id-values.js';
import { readKey, readKeyWith, type KeyFieldRules, type ReadKey } from './key-fields.js';

/** How the key of a record is read, whose headers may say by which schema. */
export interface KeyReaders {
  /** As a whole. */
  whole: (key: Buffer, record: Headers) => DecodedKey;
  fields: ReadKey;
  /** Whether a field may be an object: where documents of MongoDB come with their own ids, not where JSON may hold anything. */
  takesObjects: boolean;
  /** Whether keys are texts, whatever they hold. */
  isText: boolean;
}

/** By the pipeline's rules; `null`: no format of it needs a schema registry. */
export function createKeyReaders(
  rules: Omit<KeyFieldRules, 'keyFormat'> & Pick<PipelineSettings, 'documentId' | 'value'>,
  schemas: Schemas | null,
): KeyReaders {
  const keyFormat = 'format' in rules.documentId ? rules.documentId.format : 'json';
  const largeIntegers = rules.envelope === 'connect' ? 'long' : rules.largeIntegers;
  const keyRules = { ...rules, keyFormat, largeIntegers };
  return {
    whole: (key, record) => readKey(keyRules, key, { schemas, record }),
    fields: readKeyWith(keyRules, schemas),
    isText: keyFormat === 'string',
    takesObjects: rules.value === 'bson' || rules.value === 'extended-json',
  };
}

/**
 * Makes a record's `_id`. `idKey` is equal exactly where MongoDB's `_id` index sees the same value: same type class and same
 * bytes, numbers by their numeric value, objects by their fields in their order.
 * @param fields of the value; `null`: a delete that brings none.
 */
export function documentIdOf(
  rule: DocumentIdRule,
  record: KafkaRecord,
  fields: Fields | null,
  epoch: number,
  readers: KeyReaders,
): IdOutcome {
  switch (rule.from) {
    case 'key':
      return idOfKey(record, readers);
    case 'field':
      return fields === null
        ? withoutValue(rule.field)
        : idOfField(rule.field, fields, { holder: 'the value', readers });
    case 'fields':
      return fields === null
        ? withoutValue(rule.fields.join('", "'))
        : idOfFields(rule.fields, fields, { holder: 'the value', readers });
    case 'keyField':
      return withKeyFields(record, readers, (found) =>
        idOfField(rule.field, found, { holder: 'the key', readers }),
      );
    case 'keyFields':
      return withKeyFields(record, readers, (found) =>
        idOfFields(rule.fields, found, { holder: 'the key', readers }),
      );
    case 'coordinates':
      return stringId(coordinatesOf(record, epoch));
  }
}

function withoutValue(field: string): BadRecord {
  return bad(
    'id',
    'TOMBSTONE_WITHOUT_ID',
    `a tombstone has no field "${field}" to take the document id from`,
  );
}

/** `orders-3-1042`; from the second epoch on `orders@2-3-1042`. */
function coordinatesOf(record: KafkaRecord, epoch: number): string {
  const topic = epoch > 1 ? `${record.topic}@${String(epoch)}` : record.topic;
  return `${topic}-${String(record.partition)}-${String(record.offset)}`;
}

function idOfKey(record: KafkaRecord, { whole, isText }: KeyReaders): IdOutcome {
  const text = isText && record.places !== undefined ? shortKeyOf(record.places) : null;
  if (text !== null) return stringId(text);
  const { key } = record;
  if (key === null) return withoutKey();
  const decoded = whole(key, record);
  if (decoded.kind === 'bad') return decoded;
  const { value } = decoded;
  return hasFields(value)
    ? bad(
        'id',
        'ID_NOT_SCALAR',
        'the key is an object: take the id from it with `documentId: { keyField: <name> }`',
      )
    : scalarId(value, 'the key');
}

const SHORT_KEY = 64;

/** The text of a key of ASCII; `null`: it isn't there, is long, or has more than that. */
function shortKeyOf(places: RecordPlaces): string | null {
  if (!isShortKey(places)) return null;
  const { buffer, keyAt, keyBytes } = places;
  return buffer.toString('latin1', keyAt, keyAt + keyBytes);
}

function isShortKey({ buffer, keyAt, keyBytes }: RecordPlaces): boolean {
  return keyBytes >= 0 && keyBytes <= SHORT_KEY && isAscii(buffer, keyAt, keyAt + keyBytes);
}

/** Where the id is, if it is a key that is its own `idKey`, as most are: it needn't be made. `null`: see `documentIdOf`. */
export function idInPlace(
  { from }: DocumentIdRule,
  { places }: KafkaRecord,
  { isText }: KeyReaders,
): RecordPlaces | null {
  if (from !== 'key' || !isText || places === undefined || !isShortKey(places)) return null;
  return isOwnTextKey(places.buffer, places.keyAt, places.keyBytes) ? places : null;
}

function withoutKey(): BadRecord {
  return bad('id', 'ID_MISSING', 'the record has no key to take the document id from');
}

function withKeyFields(
  record: KafkaRecord,
  readers: KeyReaders,
  idOf: (fields: Fields) => IdOutcome,
): IdOutcome {
  const { key } = record;
  if (key === null) return withoutKey();
  const found = readers.fields(key, record);
  return found.kind === 'bad' ? found : idOf(found.fields);
}

interface Place {
  holder: 'the value' | 'the key';
  readers: KeyReaders;
}

function idOfField(field: string, fields: Fields, { holder, readers }: Place): IdOutcome {
  if (!Object.hasOwn(fields, field)) {
    return bad('id', 'ID_MISSING', `${holder} has no field "${field}" to take the document id from`);
  }
  const read = readers.takesObjects ? valueId : scalarId;
  return read(fields[field], `the field "${field}"`);
}

/** An object of the fields in their declared order, since objects of another order are other ids. */
function idOfFields(names: readonly string[], fields: Fields, place: Place): IdOutcome {
  const parts: [string, IdOutcome][] = [];
  for (const name of names) {
    const part = idOfField(name, fields, place);
    if (part.kind === 'bad') return part;
    parts.push([name, part]);
  }
  return compositeId(parts);
}
