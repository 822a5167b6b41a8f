import { bad } from './bad-record.js';
import { isWithSchema, payloadOf } from './connect-schema.js';
import { decodeValue, type Decoded, type DecodeRules } from './decode.js';
import { hasFields } from './id-values.js';

/** Decodes what Kafka Connect's JSON converter writes with `schemas.enable`; `null`: a null, which stands for a tombstone. */
export function decodePayload(rules: DecodeRules, value: Buffer): Decoded | null {
  // the schema says which numbers are integers of 64 bits, so none may lose digits before
  const decoded = decodeValue({ ...rules, largeIntegers: 'long' }, value);
  if (decoded.kind === 'bad') return decoded;
  if (!isWithSchema(decoded.fields)) return bad('decode', 'NOT_AN_ENVELOPE', NO_ENVELOPE);
  const payload = payloadOf('value', decoded.fields, rules.recordLimits);
  if (payload.kind === 'bad') return payload;
  if (payload.value === null) return null;
  return hasFields(payload.value)
    ? { kind: 'fields', fields: payload.value }
    : bad('decode', 'NOT_AN_OBJECT', 'the payload is not an object');
}

const NO_ENVELOPE =
  "the value is not what Kafka Connect's JSON converter writes with schemas.enable: an object of `schema` and `payload`";
