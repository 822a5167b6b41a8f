import { createMeter, faultError, payloadOf, setField } from './faults.js';
import {
  readBlockCount,
  readByte,
  readBytes,
  readInt,
  readLong,
  readSizedBytes,
  readText,
  sizedBytes,
  type AvroInput,
} from './avro-input.js';
import { logicalReader } from './avro-logical.js';
import { parseAvro, type AvroField, type AvroType, type Primitive } from './avro-schema.js';
import { toDouble } from '../mongodb/values.js';
import type { DecodePayload, SchemaSource } from './schemas.js';

export type AvroReader = (input: AvroInput) => unknown;
type Readers = Map<AvroType, AvroReader>;

/**
 * Compiles a schema. Lengths and counts are believed only as far as there are bytes for them: a few wrong ones would keep the thread
 * busy, or fill the heap, until it is ended. Throws where the schema can't be used.
 */
export function compileAvro({ text, references }: SchemaSource): DecodePayload {
  const type = parseAvro(
    references.map((reference) => reference.text),
    text,
  );
  const read = readerOf(type, new Map());
  // Confluent's serializer for Java writes bytes that are all of a payload as they are, without their length.
  const asAvro = type.kind === 'bytes' ? sizedBytes : (payload: Buffer) => payload;
  return (payload, _path, limits) =>
    payloadOf(() => {
      const bytes = asAvro(payload);
      const input: AvroInput = { bytes, at: 0, ...createMeter(limits) };
      const value = read(input);
      if (input.at !== bytes.length) throw faultError('MALFORMED');
      return value;
    });
}

/** Each type has one reader, made before those of its parts: types may contain themselves. */
function readerOf(type: AvroType, readers: Readers): AvroReader {
  const known = readers.get(type);
  if (known !== undefined) return known;
  const made: { read: AvroReader } = { read: () => undefined };
  readers.set(type, (input) => made.read(input));
  made.read = logicalReader(type) ?? plainReader(type, readers);
  readers.set(type, made.read);
  return made.read;
}

const PRIMITIVES: Readonly<Record<Primitive, AvroReader>> = {
  null: () => null,
  boolean: readBoolean,
  int: readInt,
  long: readLong,
  float: (input) => toDouble(readBytes(input, 4).readFloatLE()),
  double: (input) => toDouble(readBytes(input, 8).readDoubleLE()),
  bytes: readSizedBytes,
  string: readText,
};

function plainReader(type: AvroType, readers: Readers): AvroReader {
  switch (type.kind) {
    case 'record':
      return recordReader(type.fields, readers);
    case 'array':
      return arrayReader(type.items, readers);
    case 'map':
      return mapReader(type.values, readers);
    case 'union':
      return choice(type.branches.map((branch) => readerOf(branch, readers)));
    case 'enum':
      return choice(type.symbols.map((symbol) => () => symbol));
    case 'fixed':
      return (input) => readBytes(input, type.size);
    default:
      return PRIMITIVES[type.kind];
  }
}

function readBoolean(input: AvroInput): boolean {
  const byte = readByte(input);
  if (byte > 1) throw faultError('MALFORMED');
  return byte === 1;
}

function recordReader(written: readonly AvroField[], readers: Readers): AvroReader {
  const fields = written.map((field) => ({ name: field.name, read: readerOf(field.type, readers) }));
  return (input) => {
    input.enter(fields.length);
    const record: Record<string, unknown> = {};
    for (const { name, read } of fields) setField(record, name, read(input));
    input.leave();
    return record;
  };
}

function arrayReader(items: AvroType, readers: Readers): AvroReader {
  const read = readerOf(items, readers);
  const takeBytes = takesBytes(items, new Set());
  return (input) => {
    input.enter(0);
    const values: unknown[] = [];
    for (let count = readBlockCount(input); count > 0; count = readBlockCount(input)) {
      if (takeBytes) requireBytes(input, count);
      // items without bytes have no bound but this
      else input.keys(count);
      input.items(count);
      for (let index = 0; index < count; index += 1) values.push(read(input));
    }
    input.leave();
    return values;
  };
}

function mapReader(values: AvroType, readers: Readers): AvroReader {
  const read = readerOf(values, readers);
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

/** An index, and what is behind it. */
function choice(readers: readonly AvroReader[]): AvroReader {
  return (input) => {
    const read = readers[readInt(input)];
    if (read === undefined) throw faultError('MALFORMED');
    return read(input);
  };
}

/** `seen`: records already looked into; what contains itself outright has no values. */
function takesBytes(type: AvroType, seen: Set<AvroType>): boolean {
  if (type.kind === 'fixed') return type.size > 0;
  if (type.kind !== 'record') return type.kind !== 'null';
  if (seen.has(type)) return false;
  seen.add(type);
  return type.fields.some((field) => takesBytes(field.type, seen));
}
