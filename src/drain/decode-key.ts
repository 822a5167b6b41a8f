import type { KeyFormat } from '../config/settings.js';
import { bad, type BadRecord } from './bad-record.js';
import { jsonShapeFault, type RecordLimits } from './record-limits.js';
import { decodeByRegistry, NO_REGISTRY, type RegistryContext } from './registry-formats.js';
import { utf8TextOf } from './text.js';

export type DecodedKey = { kind: 'value'; value: unknown } | BadRecord;

export interface KeyRules {
  keyFormat: KeyFormat;
  recordLimits: RecordLimits;
}

/**
 * The value of a key: bytes (copied), a text, or whatever JSON or the key's schema says: a scalar, an array or an object. The
 * schema must have been loaded.
 */
export function decodeKey(
  { keyFormat, recordLimits }: KeyRules,
  key: Buffer,
  registry: RegistryContext = NO_REGISTRY,
): DecodedKey {
  switch (keyFormat) {
    case 'bytes':
      return { kind: 'value', value: Buffer.from(key) };
    case 'string':
      return ofText(key, (text) => ({ kind: 'value', value: text }));
    case 'json':
      return ofText(key, (text) => parseJsonKey(recordLimits, text));
    default: {
      const decoded = decodeByRegistry(
        { format: keyFormat, part: 'key', limits: recordLimits },
        key,
        registry,
      );
      return decoded.kind === 'json'
        ? ofText(decoded.payload, (text) => parseJsonKey(recordLimits, text))
        : decoded;
    }
  }
}

function ofText(bytes: Buffer, decode: (text: string) => DecodedKey): DecodedKey {
  const text = utf8TextOf(bytes);
  return text === null ? bad('id', 'NOT_UTF8', 'the key is not valid UTF-8') : decode(text);
}

function parseJsonKey(limits: RecordLimits, text: string): DecodedKey {
  const fault = jsonShapeFault(limits, text);
  if (fault !== null) return { ...fault, stage: 'id' };
  try {
    return { kind: 'value', value: JSON.parse(text) as unknown };
  } catch {
    return bad('id', 'NOT_JSON', 'the key is not valid JSON');
  }
}
