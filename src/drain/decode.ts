import type { PipelineSettings, RegistryFormat } from '../config/settings.js';
import { readExtendedJson, type ExtendedJsonFault } from '../mongodb/extended-json.js';
import { fromBson } from '../mongodb/values.js';
import { bad, type BadRecord } from './bad-record.js';
import { bsonShapeFault } from './bson-limits.js';
import { hasUnsafeInteger } from '../mongodb/json-text.js';
import { keepIntegers } from './large-integers.js';
import { jsonShapeFault, sizeFault } from './record-limits.js';
import { decodeByRegistry, NO_REGISTRY, type RegistryContext } from './registry-formats.js';
import { utf8TextOf } from './text.js';

export type Fields = Readonly<Record<string, unknown>>;
export type Decoded = { kind: 'fields'; fields: Fields } | BadRecord;

export interface DecodeRules extends Pick<PipelineSettings, 'value' | 'recordLimits'> {
  /** `round`: for what isn't stored, and is looked at more closely where it is. */
  largeIntegers: PipelineSettings['largeIntegers'] | 'round';
}

/** Turns a record's value (never a tombstone) into a document's fields. Its limits are checked before it is parsed. */
export function decodeValue(
  rules: DecodeRules,
  value: Buffer,
  registry: RegistryContext = NO_REGISTRY,
): Decoded {
  return sizeFault(rules.recordLimits, value) ?? decodeAs(rules, value, registry);
}

function decodeAs(rules: DecodeRules, value: Buffer, registry: RegistryContext): Decoded {
  switch (rules.value) {
    case 'bytes':
      return { kind: 'fields', fields: { value } };
    case 'bson':
      return bsonShapeFault(rules.recordLimits, value) ?? decodeBson(value);
    case 'string':
      return ofText(value, (text) => ({ kind: 'fields', fields: { value: text } }));
    case 'json':
      return decodeJsonBytes(rules, value);
    case 'extended-json':
      return ofText(value, (text) => jsonShapeFault(rules.recordLimits, text) ?? decodeExtendedJson(text));
    default:
      return decodeRegistryValue(rules, rules.value, value, registry);
  }
}

function decodeJsonBytes(rules: DecodeRules, value: Buffer): Decoded {
  return ofText(value, (text) => jsonShapeFault(rules.recordLimits, text) ?? decodeJson(text, rules));
}

function decodeRegistryValue(
  rules: DecodeRules,
  format: RegistryFormat,
  value: Buffer,
  registry: RegistryContext,
): Decoded {
  const decoded = decodeByRegistry({ format, part: 'value', limits: rules.recordLimits }, value, registry);
  if (decoded.kind === 'bad') return decoded;
  if (decoded.kind === 'json') return decodeJsonBytes(rules, decoded.payload);
  if (!isDocument(decoded.value) || Buffer.isBuffer(decoded.value))
    return bad('decode', 'NOT_AN_OBJECT', 'the value is not a record, message or map');
  return firstKeyFault(decoded.value) ?? { kind: 'fields', fields: decoded.value };
}

function ofText(value: Buffer, decode: (text: string) => Decoded): Decoded {
  const text = utf8TextOf(value);
  return text === null ? bad('decode', 'NOT_UTF8', 'the value is not valid UTF-8') : decode(text);
}

function decodeBson(value: Buffer): Decoded {
  const fields = fromBson(value);
  return fields === null
    ? bad(
        'decode',
        'NOT_BSON',
        'the value is not one whole BSON document, or has a reference ($ref) that could not be kept as it is',
      )
    : { kind: 'fields', fields };
}

function decodeExtendedJson(text: string): Decoded {
  const read = readExtendedJson(text);
  if (read.kind === 'fault') return EXTENDED_JSON_FAULTS[read.fault];
  return isDocument(read.value)
    ? { kind: 'fields', fields: read.value }
    : bad('decode', 'NOT_AN_OBJECT', 'the JSON value is not an object');
}

/** Neither an array nor one value of BSON's own, such as a date. */
function isDocument(value: unknown): value is Record<string, unknown> {
  return isObject(value) && !('_bsontype' in value) && !(value instanceof Date);
}

function decodeJson(text: string, { largeIntegers }: DecodeRules): Decoded {
  const root = parseJson(text);
  if (root === undefined) return bad('decode', 'NOT_JSON', 'the value is not valid JSON');
  if (!isObject(root)) return bad('decode', 'NOT_AN_OBJECT', 'the JSON value is not an object');
  const fault = findFault(root, text, largeIntegers !== 'reject');
  if (fault !== null) return fault;
  if (largeIntegers === 'reject' || largeIntegers === 'round') return { kind: 'fields', fields: root };
  const kept = keepIntegers(text, root, largeIntegers);
  return kept === null ? describe('UNSAFE_INTEGER') : { kind: 'fields', fields: kept as Fields };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Neither null nor an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * What JSON allows and BSON would change silently or refuse for the whole batch. Keys and strings can only be at fault where
 * the text has an escape or the one reserved word, so most records are walked for numbers alone.
 */
function findFault(root: Record<string, unknown>, text: string, largeAllowed: boolean): BadRecord | null {
  const firstKey = firstKeyFault(root);
  if (firstKey !== null) return firstKey;
  const careful = text.includes('\\u') || text.includes('_bsontype');
  const fault = walk(root, careful, largeAllowed);
  if (fault === null) return null;
  return fault === 'UNSAFE_INTEGER' && !hasUnsafeInteger(text) ? recheck(root, careful) : describe(fault);
}

function firstKeyFault(object: Record<string, unknown>): BadRecord | null {
  if (firstKeyOf(object)?.startsWith('$') !== true) return null;
  return bad(
    'decode',
    'UNSTORABLE_KEY',
    'the first key of the value begins with "$", which MongoDB reads as an operator',
  );
}

function firstKeyOf(object: Record<string, unknown>): string | undefined {
  for (const key in object) return key;
  return undefined;
}

type Fault = 'UNSAFE_INTEGER' | 'NUMBER_OUT_OF_RANGE' | 'LONE_SURROGATE' | 'UNSTORABLE_KEY';

function walk(value: unknown, careful: boolean, largeAllowed = false): Fault | null {
  switch (typeof value) {
    case 'number':
      return numberFault(value, largeAllowed);
    case 'string':
      return careful && !value.isWellFormed() ? 'LONE_SURROGATE' : null;
    case 'object':
      return value === null ? null : containerFault(value, careful, largeAllowed);
    default:
      return null;
  }
}

function numberFault(value: number, largeAllowed: boolean): Fault | null {
  if (value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER) return null;
  if (!Number.isFinite(value)) return 'NUMBER_OUT_OF_RANGE';
  return largeAllowed || !Number.isInteger(value) ? null : 'UNSAFE_INTEGER';
}

function containerFault(value: object, careful: boolean, largeAllowed: boolean): Fault | null {
  if (Array.isArray(value)) {
    for (const item of value) {
      const fault = walk(item, careful, largeAllowed);
      if (fault !== null) return fault;
    }
    return null;
  }
  const object = value as Record<string, unknown>;
  for (const key in object) {
    const fault = (careful ? keyFault(key) : null) ?? walk(object[key], careful, largeAllowed);
    if (fault !== null) return fault;
  }
  return null;
}

function keyFault(key: string): Fault | null {
  if (key === '_bsontype' || key.includes('\0')) return 'UNSTORABLE_KEY';
  return key.isWellFormed() ? null : 'LONE_SURROGATE';
}

/** The large numbers turned out to be written as floating point (1e300), which loses nothing; anything else still counts. */
function recheck(root: Record<string, unknown>, careful: boolean): BadRecord | null {
  const fault = walk(root, careful, true);
  return fault === null ? null : describe(fault);
}

const FAULT_REASONS: Record<Fault, string> = {
  UNSAFE_INTEGER: 'the value holds an integer beyond what `largeIntegers` can keep',
  NUMBER_OUT_OF_RANGE: 'the value holds a number beyond the range of a double',
  LONE_SURROGATE: 'the value holds a lone surrogate, which has no UTF-8 form',
  UNSTORABLE_KEY: 'the value holds a key that BSON cannot store ("_bsontype", or one with a NUL character)',
};

const EXTENDED_JSON_FAULTS: Record<ExtendedJsonFault, BadRecord> = {
  NOT_JSON: bad('decode', 'NOT_JSON', "the value is not valid JSON in MongoDB's extended form"),
  OUT_OF_RANGE: bad(
    'decode',
    'NUMBER_OUT_OF_RANGE',
    'the value holds an integer beyond 64 bits, or a double or date out of range; write such integers as $numberDecimal',
  ),
  LONE_SURROGATE: bad('decode', 'LONE_SURROGATE', FAULT_REASONS.LONE_SURROGATE),
};

function describe(fault: Fault): BadRecord {
  return bad('decode', fault, FAULT_REASONS[fault]);
}
