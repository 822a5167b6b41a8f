import { compileAvro } from './avro-reader.js';
import { compileProtobuf } from './protobuf-schema.js';
import type { DecodePayload, SchemaEntry, SchemaSource } from './schemas.js';

const MAX_REASON_CHARACTERS = 200;

const COMPILERS: Readonly<Record<SchemaSource['type'], (source: SchemaSource) => DecodePayload>> = {
  AVRO: compileAvro,
  PROTOBUF: compileProtobuf,
  // what the payload is, JSON says itself
  JSON: () => () => ({ kind: 'fault', fault: 'MALFORMED' }),
};

/** Never throws: a schema that can't be used is an outcome. */
export function compile(source: SchemaSource): SchemaEntry {
  const compiler = COMPILERS[source.type] as ((from: SchemaSource) => DecodePayload) | undefined;
  if (compiler === undefined) return { kind: 'unusable', reason: 'its type is not AVRO, PROTOBUF or JSON' };
  try {
    return { kind: 'usable', type: source.type, decode: compiler(source) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: 'unusable', reason: reason.slice(0, MAX_REASON_CHARACTERS) };
  }
}
