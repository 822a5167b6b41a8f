import protobuf from 'protobufjs';
import { isInt64, toDecimal, toDouble } from '../mongodb/values.js';
import { toDate, toScaled } from './avro-logical.js';
import { setField, type Meter } from './faults.js';

type Fields = Readonly<Record<string, unknown>>;
/** Turns what protobufjs has decoded into what is stored. */
export type MessageReader = (message: Fields, meter: Meter) => unknown;
type ValueReader = (value: unknown, meter: Meter) => unknown;
type Readers = Map<protobuf.Type, MessageReader>;

const MAX_INT32 = 2 ** 31 - 1;
const LONG: ReadonlySet<string> = new Set(['int64', 'sint64', 'sfixed64']);
const UNSIGNED_LONG: ReadonlySet<string> = new Set(['uint64', 'fixed64']);

/** Each message type has one reader: types may contain themselves. */
export function messageReader(type: protobuf.Type, readers: Readers): MessageReader {
  const known = readers.get(type);
  if (known !== undefined) return known;
  const made: { read: MessageReader } = { read: () => undefined };
  readers.set(type, (message, meter) => made.read(message, meter));
  made.read = WELL_KNOWN.get(type.fullName) ?? documentReader(type, readers);
  readers.set(type, made.read);
  return made.read;
}

/**
 * Fields without presence are always there, with their default; those with presence (messages, `optional`, `oneof`, proto2) only
 * if they were set.
 */
function documentReader(type: protobuf.Type, readers: Readers): MessageReader {
  const fields = type.fieldsArray.map((field) => ({
    name: field.name,
    hasPresence: field.hasPresence || (field.resolvedType instanceof protobuf.Type && !isCollection(field)),
    missing: missingValue(field, readers),
    read: fieldReader(field, readers),
  }));
  return (message, meter) => {
    meter.enter(0);
    const document: Record<string, unknown> = {};
    for (const { name, hasPresence, missing, read } of fields) {
      const isSet = Object.hasOwn(message, name);
      if (!isSet && hasPresence) continue;
      meter.keys(1);
      setField(document, name, isSet ? read(message[name], meter) : missing(meter));
    }
    meter.leave();
    return document;
  };
}

function isCollection(field: protobuf.Field): boolean {
  return field.repeated || field.map;
}

function missingValue(field: protobuf.Field, readers: Readers): (meter: Meter) => unknown {
  if (field.map) return () => ({});
  if (field.repeated) return () => [];
  const read = valueReader(field, readers);
  return (meter) => read(field.typeDefault, meter);
}

function fieldReader(field: protobuf.Field, readers: Readers): ValueReader {
  const read = valueReader(field, readers);
  if (field.map) return (values, meter) => readEntries(values as Fields, meter, read);
  if (!field.repeated) return read;
  return (values, meter) => readItems(values as unknown[], meter, read);
}

function readItems<T>(
  values: readonly T[],
  meter: Meter,
  read: (value: T, meter: Meter) => unknown,
): unknown[] {
  meter.enter(0);
  meter.items(values.length);
  const items = values.map((value) => read(value, meter));
  meter.leave();
  return items;
}

function readEntries<T>(
  values: Readonly<Record<string, T>>,
  meter: Meter,
  read: (value: T, meter: Meter) => unknown,
): Record<string, unknown> {
  const entries = Object.entries(values);
  meter.enter(entries.length);
  const map: Record<string, unknown> = {};
  for (const [key, value] of entries) setField(map, key, read(value, meter));
  meter.leave();
  return map;
}

/** Of one value of the field's type. */
function valueReader(field: protobuf.Field, readers: Readers): ValueReader {
  const { type, resolvedType } = field;
  if (resolvedType instanceof protobuf.Enum) {
    const { valuesById } = resolvedType;
    return (value) => valuesById[value as number] ?? value;
  }
  if (resolvedType instanceof protobuf.Type) {
    const read = messageReader(resolvedType, readers);
    return (value, meter) => read(value as Fields, meter);
  }
  if (LONG.has(type)) return ownLong;
  if (UNSIGNED_LONG.has(type)) return unsignedLong;
  if (type === 'bytes') return (value) => (Buffer.isBuffer(value) ? value : Buffer.alloc(0));
  if (type === 'uint32' || type === 'fixed32') return unsignedInt;
  if (type === 'double' || type === 'float') return (value) => toDouble(value as number);
  return (value) => value;
}

/** The driver would store what an int can't hold as a double. */
function unsignedInt(value: unknown): unknown {
  return (value as number) > MAX_INT32 ? BigInt(value as number) : value;
}

/** Where there is none, as in an entry of a map without a value, protobufjs gives a zero of its own. */
function ownLong(value: unknown): bigint {
  return typeof value === 'bigint' ? value : 0n;
}

/** Where a long can't hold it: a decimal. */
function unsignedLong(value: unknown): unknown {
  const long = ownLong(value);
  return isInt64(long) ? long : toDecimal(String(long));
}

/** Unset fields are found on the prototype, some as values of other types. */
function ownField(message: Fields, name: string): unknown {
  return Object.hasOwn(message, name) ? message[name] : undefined;
}

/** A message whose only field is the value. */
function wrapper(unset: unknown, read: (value: unknown) => unknown = (value) => value): MessageReader {
  return (message) => {
    const value = ownField(message, 'value');
    return value === undefined ? unset : read(value);
  };
}

function readTimestamp(message: Fields): Date {
  const nanos = (ownField(message, 'nanos') as number | undefined) ?? 0;
  return toDate(Number(ownField(message, 'seconds') ?? 0) * 1_000 + Math.floor(nanos / 1_000_000));
}

function readDecimal(message: Fields, meter: Meter): unknown {
  const scale = (ownField(message, 'scale') as number | undefined) ?? 0;
  return toScaled((ownField(message, 'value') as Buffer | undefined) ?? Buffer.alloc(0), scale, meter);
}

function readStruct(message: Fields, meter: Meter): unknown {
  return readEntries((ownField(message, 'fields') ?? {}) as Record<string, Fields>, meter, readJsonValue);
}

function readList(message: Fields, meter: Meter): unknown {
  return readItems((ownField(message, 'values') ?? []) as Fields[], meter, readJsonValue);
}

/**
 * JSON's `null` and a value that isn't set are the same. Names are as in Google's file, where a schema refers to that, or as in
 * protobufjs's own copy of it.
 */
function readJsonValue(message: Fields, meter: Meter): unknown {
  const [name = ''] = Object.keys(message);
  const value = message[name];
  switch (name.replace('_value', 'Value')) {
    case 'structValue':
      return readStruct(value as Fields, meter);
    case 'listValue':
      return readList(value as Fields, meter);
    case 'numberValue':
      return toDouble(value as number);
    case 'stringValue':
    case 'boolValue':
      return value;
    default:
      return null;
  }
}

const asDouble = (value: unknown): unknown => toDouble(value as number);

/** Messages of Google and Confluent that stand for one value. */
const WELL_KNOWN: ReadonlyMap<string, MessageReader> = new Map<string, MessageReader>([
  ['.google.protobuf.Timestamp', readTimestamp],
  ['.google.protobuf.DoubleValue', wrapper(toDouble(0), asDouble)],
  ['.google.protobuf.FloatValue', wrapper(toDouble(0), asDouble)],
  ['.google.protobuf.Int64Value', wrapper(0n)],
  ['.google.protobuf.UInt64Value', wrapper(0n, unsignedLong)],
  ['.google.protobuf.Int32Value', wrapper(0)],
  ['.google.protobuf.UInt32Value', wrapper(0, unsignedInt)],
  ['.google.protobuf.BoolValue', wrapper(false)],
  ['.google.protobuf.StringValue', wrapper('')],
  ['.google.protobuf.BytesValue', wrapper(Buffer.alloc(0))],
  ['.google.protobuf.Struct', readStruct],
  ['.google.protobuf.ListValue', readList],
  ['.google.protobuf.Value', readJsonValue],
  ['.confluent.type.Decimal', readDecimal],
]);
