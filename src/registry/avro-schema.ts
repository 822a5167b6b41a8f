import avro from 'avsc';
import { createMeter, faultError, payloadOf, setField } from './faults.js';
import {
  readBlockCount,
  readByte,
  readBytes,
  readInt,
  readLong,
  readSizedBytes,
  readText,
  type AvroInput,
} from './avro-input.js';
import { logicalReader, MarkedType } from './avro-logical.js';
import { toDouble } from '../mongodb/values.js';
import type { DecodePayload, SchemaSource } from './schemas.js';

export type AvroReader = (input: AvroInput) => unknown;
type Type = avro.Type;
type Readers = Map<Type, AvroReader>;

/**
 * Compiles a schema. avsc reads it: names, references, what is allowed. The bytes are read by ourselves, since avsc believes any
 * length and count that they claim: a few wrong ones would keep it busy, or fill the heap, until the thread is ended. Throws where
 * the schema can't be used.
 */
export function compileAvro({ text, references }: SchemaSource): DecodePayload {
  const registry: Record<string, Type> = {};
  const options = { registry, wrapUnions: 'always', logicalTypes: MarkedType.all } as const;
  for (const reference of references) typeOf(reference.text, options);
  const read = readerOf(typeOf(text, options), new Map());
  return (bytes, _path, limits) =>
    payloadOf(() => {
      const input: AvroInput = { bytes, at: 0, ...createMeter(limits) };
      const value = read(input);
      if (input.at !== bytes.length) throw faultError('MALFORMED');
      return value;
    });
}

function typeOf(text: string, options: object): Type {
  // Defaults are for readers with another schema; that they are often written wrongly needn't concern us.
  const schema = JSON.parse(text, (key, value: unknown) =>
    key === 'default' ? undefined : value,
  ) as avro.Schema;
  return avro.Type.forSchema(schema, options);
}

/** Each type has one reader, made before those of its parts: types may contain themselves. */
function readerOf(type: Type, readers: Readers): AvroReader {
  const known = readers.get(type);
  if (known !== undefined) return known;
  const made: { read: AvroReader } = { read: () => undefined };
  readers.set(type, (input) => made.read(input));
  made.read = makeReader(type, readers);
  readers.set(type, made.read);
  return made.read;
}

const PRIMITIVES: ReadonlyMap<string, AvroReader> = new Map<string, AvroReader>([
  ['null', () => null],
  ['boolean', readBoolean],
  ['int', readInt],
  ['long', readLong],
  ['float', (input) => toDouble(readBytes(input, 4).readFloatLE())],
  ['double', (input) => toDouble(readBytes(input, 8).readDoubleLE())],
  ['bytes', readSizedBytes],
  ['string', readText],
]);

function makeReader(type: Type, readers: Readers): AvroReader {
  if (type instanceof MarkedType) {
    return logicalReader(type) ?? readerOf(type.underlyingType, readers);
  }
  const primitive = PRIMITIVES.get(type.typeName);
  if (primitive !== undefined) return primitive;
  const { types } = avro;
  if (type instanceof types.RecordType) return recordReader(type, readers);
  if (type instanceof types.ArrayType) return arrayReader(type.itemsType, readers);
  if (type instanceof types.MapType) return mapReader(type.valuesType as Type, readers);
  if (type instanceof types.WrappedUnionType) return unionReader(type.types, readers);
  if (type instanceof types.EnumType) return choice(type.symbols.map((symbol) => () => symbol));
  if (type instanceof types.FixedType) return (input) => readBytes(input, type.size);
  throw new Error(`the type "${type.typeName}" is not known`);
}

function readBoolean(input: AvroInput): boolean {
  const byte = readByte(input);
  if (byte > 1) throw faultError('MALFORMED');
  return byte === 1;
}

function recordReader(type: avro.types.RecordType, readers: Readers): AvroReader {
  const fields = type.fields.map((field) => ({ name: field.name, read: readerOf(field.type, readers) }));
  return (input) => {
    input.enter(fields.length);
    const record: Record<string, unknown> = {};
    for (const { name, read } of fields) setField(record, name, read(input));
    input.leave();
    return record;
  };
}

function arrayReader(itemsType: Type, readers: Readers): AvroReader {
  const read = readerOf(itemsType, readers);
  const takeBytes = takesBytes(itemsType, new Set());
  return (input) => {
    input.enter(0);
    const items: unknown[] = [];
    for (let count = readBlockCount(input); count > 0; count = readBlockCount(input)) {
      if (takeBytes) requireBytes(input, count);
      // items without bytes have no bound but this
      else input.keys(count);
      for (let index = 0; index < count; index += 1) items.push(read(input));
    }
    input.leave();
    return items;
  };
}

function mapReader(valuesType: Type, readers: Readers): AvroReader {
  const read = readerOf(valuesType, readers);
  return (input) => {
    input.enter(0);
    const map: Record<string, unknown> = {};
    for (let count = readBlockCount(input); count > 0; count = readBlockCount(input)) {
      requireBytes(input, count);
      input.keys(count);
      for (let index = 0; index < count; index += 1) setField(map, readText(input), read(input));
    }
    input.leave();
    return map;
  };
}

/** Each of so many items takes one byte at least. */
function requireBytes(input: AvroInput, count: number): void {
  if (count > input.bytes.length - input.at) throw faultError('MALFORMED');
}

function unionReader(branches: readonly Type[], readers: Readers): AvroReader {
  return choice(branches.map((branch) => readerOf(branch, readers)));
}

/** An index, and what is behind it. */
function choice(readers: readonly AvroReader[]): AvroReader {
  return (input) => {
    const read = readers[readInt(input)];
    if (read === undefined) throw faultError('MALFORMED');
    return read(input);
  };
}

/** `above`: the records that it lies in. */
function takesBytes(type: Type, above: ReadonlySet<Type>): boolean {
  if (type instanceof MarkedType) return takesBytes(type.underlyingType, above);
  if (type instanceof avro.types.RecordType) {
    if (above.has(type)) return false;
    const within = new Set([...above, type]);
    return type.fields.some((field) => takesBytes(field.type, within));
  }
  return type.typeName !== 'null';
}
