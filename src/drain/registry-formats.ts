import type { RegistryFormat } from '../config/settings.js';
import { DrainError } from '../errors.js';
import type { DeadLetterStage } from '../mongodb/sink.js';
import { framedOf, type Headers, type Part } from '../registry/framing.js';
import type { PayloadFault, Schemas, SchemaType } from '../registry/schemas.js';
import { bad, type BadRecord, type BadRecordCode } from './bad-record.js';
import { shapeFault, type RecordLimits } from './record-limits.js';

/** What decoding by the registry needs beside the bytes. */
export interface RegistryContext {
  /** Where every schema that the record names has been loaded; `null`: no format of the pipeline needs one. */
  schemas: Schemas | null;
  /** Headers are decoded by whoever asks for them: only here it is done. */
  record: Headers;
}

export const NO_REGISTRY: RegistryContext = { schemas: null, record: { headers: [] } };

/** A value by its schema; `json`: the payload is JSON, to be parsed. */
export type RegistryValue = { kind: 'value'; value: unknown } | { kind: 'json'; payload: Buffer } | BadRecord;

const TYPES: Readonly<Record<RegistryFormat, SchemaType>> = {
  avro: 'AVRO',
  protobuf: 'PROTOBUF',
  'json-schema': 'JSON',
};

/** Where a record fails whose part can't be decoded. */
const STAGES: Readonly<Record<Part, DeadLetterStage>> = { key: 'id', value: 'decode' };

/** Decodes a key or a value by the schema that it names. The schema must be loaded; one that isn't counts as unknown. */
export function decodeByRegistry(
  { format, part, limits }: { format: RegistryFormat; part: Part; limits: RecordLimits },
  bytes: Buffer,
  { schemas, record }: RegistryContext,
): RegistryValue {
  if (schemas === null)
    throw new DrainError('CONFIG_INVALID', `the ${part} format ${format} needs schemaRegistry`);
  const refuse = (code: BadRecordCode, reason: string) => bad(STAGES[part], code, reason);
  const framed = framedOf(format, part, bytes, record);
  if (framed === null) return refuse('SCHEMA_ID_MISSING', `nothing says which schema the ${part} has`);
  const { ref, payload, path } = framed;
  const entry = schemas.find(ref);
  if (entry === undefined || entry.kind === 'unknown')
    return refuse('SCHEMA_UNKNOWN', `the schema registry has no schema ${ref}, which the ${part} names`);
  if (entry.kind === 'unusable')
    return refuse('SCHEMA_UNUSABLE', `the schema ${ref} can't be used: ${entry.reason}`);
  if (entry.type !== TYPES[format])
    return refuse(
      'SCHEMA_UNUSABLE',
      `the schema ${ref} is of the type ${entry.type}, and the ${part} format is ${format}`,
    );
  if (entry.type === 'JSON') return { kind: 'json', payload };
  const decoded = entry.decode(payload, path, limits);
  return decoded.kind === 'value' ? decoded : faultAsBad({ format, part, limits }, decoded.fault);
}

/** The schemas that a record names, and that must be loaded before it can be decoded. */
export function missingSchemas(
  schemas: Schemas,
  parts: readonly { format: RegistryFormat; part: Part; bytes: Buffer | null }[],
  record: Headers,
): string[] {
  return parts.flatMap(({ format, part, bytes }) => {
    const ref = bytes === null ? undefined : framedOf(format, part, bytes, record)?.ref;
    return ref === undefined || schemas.find(ref) !== undefined ? [] : [ref];
  });
}

function faultAsBad(
  { format, part, limits }: { format: RegistryFormat; part: Part; limits: RecordLimits },
  fault: PayloadFault,
): BadRecord {
  const stage = STAGES[part];
  switch (fault) {
    case 'TOO_DEEP':
    case 'TOO_MANY_KEYS':
      return { ...shapeFault(limits, fault), stage };
    case 'TOO_LARGE':
      return bad(stage, 'TOO_LARGE', `the ${part} would become more than 32 MiB of BSON`);
    case 'MALFORMED':
      return format === 'avro'
        ? bad(stage, 'NOT_AVRO', `the ${part}'s bytes don't fit its schema`)
        : bad(stage, 'NOT_PROTOBUF', `the ${part}'s bytes don't fit its schema`);
    case 'NOT_UTF8':
      return bad(stage, 'NOT_UTF8', `a text of the ${part} is not valid UTF-8`);
    case 'OUT_OF_RANGE':
      return bad(
        stage,
        'NUMBER_OUT_OF_RANGE',
        `the ${part} holds a date or decimal beyond what MongoDB can store`,
      );
    case 'UNSTORABLE_KEY':
      return bad(
        stage,
        'UNSTORABLE_KEY',
        `the ${part} holds a key that BSON cannot store ("_bsontype", or one with a NUL character)`,
      );
  }
}
