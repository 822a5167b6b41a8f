import type { KeyFormat, PipelineSettings, RegistryFormat } from '../config/settings.js';
import { bad, type BadRecord } from './bad-record.js';
import { keepIntegers } from './large-integers.js';
import { jsonShapeFault, type RecordLimits } from './record-limits.js';
import { decodeByRegistry, NO_REGISTRY, type RegistryContext } from './registry-formats.js';
import { utf8TextOf } from './text.js';

export type DecodedKey = { kind: 'value'; value: unknown } | BadRecord;

export interface KeyRules extends Pick<PipelineSettings, 'largeIntegers' | 'recordLimits'> {
  keyFormat: KeyFormat;
}

/**
 * The value of a key: bytes (copied), a text, or whatever JSON or the key's schema says: a scalar, an array or an object. The
 * schema must have been loaded.
 */
export function decodeKey(rules: KeyRules, key: Buffer, registry: RegistryContext = NO_REGISTRY): DecodedKey {
  switch (rules.keyFormat) {
    case 'bytes':
      return { kind: 'value', value: Buffer.from(key) };
    case 'string':
      return ofText(key, (text) => ({ kind: 'value', value: text }));
    case 'json':
      return decodeJsonKey(rules, key);
    default:
      return decodeRegistryKey(rules, rules.keyFormat, key, registry);
  }
}

function decodeRegistryKey(
  rules: KeyRules,
  format: RegistryFormat,
  key: Buffer,
  registry: RegistryContext,
): DecodedKey {
  const decoded = decodeByRegistry({ format, part: 'key', limits: rules.recordLimits }, key, registry);
  return decoded.kind === 'json' ? decodeJsonKey(rules, decoded.payload) : decoded;
}

/** What a double can't hold, and nobody wants kept (`reject`), is refused where it is used as an id. */
function decodeJsonKey({ recordLimits, largeIntegers }: KeyRules, bytes: Buffer): DecodedKey {
  return ofText(bytes, (text) => jsonShapeFaultOf(recordLimits, text) ?? parseJsonKey(text, largeIntegers));
}

function ofText(bytes: Buffer, decode: (text: string) => DecodedKey): DecodedKey {
  const text = utf8TextOf(bytes);
  return text === null ? bad('id', 'NOT_UTF8', 'the key is not valid UTF-8') : decode(text);
}

function jsonShapeFaultOf(limits: RecordLimits, text: string): BadRecord | null {
  const fault = jsonShapeFault(limits, text);
  return fault === null ? null : { ...fault, stage: 'id' };
}

function parseJsonKey(text: string, largeIntegers: PipelineSettings['largeIntegers']): DecodedKey {
  try {
    const value = JSON.parse(text) as unknown;
    if (largeIntegers === 'reject' || value === null) return { kind: 'value', value };
    const kept = keepIntegers(text, value, largeIntegers);
    return kept === null
      ? bad('id', 'UNSAFE_INTEGER', 'the key holds an integer beyond what `largeIntegers` can keep')
      : { kind: 'value', value: kept };
  } catch {
    return bad('id', 'NOT_JSON', 'the key is not valid JSON');
  }
}
