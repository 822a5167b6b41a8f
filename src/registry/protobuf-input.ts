import protobuf from 'protobufjs';
import type { Meter } from './faults.js';

interface Long {
  low: number;
  high: number;
  unsigned: boolean;
}

/** Each also reads the packed list of its name with an `s`. */
const NUMBERS = ['uint32', 'bool', 'fixed32', 'sfixed32', 'float', 'double'] as const;
/** These call the reader of `uint32`. */
const DERIVED_NUMBERS = ['int32', 'sint32'] as const;
const LONGS = ['int64', 'sint64', 'sfixed64', 'uint64', 'fixed64'] as const;
/** A binary and a 64-bit number, as BSON has them. */
const EMPTY_BYTES = 8;
const LONG_BYTES = 8;
/** What a text or an empty message, list or map takes in BSON as an item or a field, and less than it takes in the heap. */
const MADE_BYTES = 16;

/** What protobufjs makes of a record, before anything is made of that: its own meter, since the document has another. */
export interface Making {
  meter: Meter | null;
}

/**
 * Lets messages be metered as they are made: two bytes make one, with a list or a map for each such field that it has. By the
 * constructor, which has no reader, since an entry of a map without a value makes one outside of any decoder.
 */
export function meterMessages(namespace: protobuf.NamespaceBase, making: Making): void {
  for (const nested of namespace.nestedArray) {
    if (nested instanceof protobuf.Type) meterType(nested, making);
    if (nested instanceof protobuf.Namespace) meterMessages(nested, making);
  }
}

function meterType(type: protobuf.Type, making: Making): void {
  const { ctor } = type;
  const bytes = MADE_BYTES * (1 + type.fieldsArray.filter(({ repeated, map }) => repeated || map).length);
  function Metered(this: object, properties?: object): void {
    making.meter?.spend(bytes);
    ctor.call(this, properties);
  }
  Object.assign(type, { ctor: Metered });
}

/**
 * protobufjs's reader, with what we want otherwise: texts are UTF-8 also where proto2 doesn't ask for it, since others can't be
 * stored; 64-bit numbers are `bigint`; and what may be there by the million for a byte or two each is metered as it is made.
 */
export function inputOf(bytes: Buffer, meter: Meter, making: Meter): protobuf.Reader {
  const reader = protobuf.Reader.create(bytes);
  reader.discardUnknown = true;
  const readBytes = reader.bytes.bind(reader);
  const long = (read: () => Long) => () => {
    meter.spend(LONG_BYTES);
    return toBigInt(read());
  };
  const number = (read: () => unknown) => () => {
    making.items(1);
    return read();
  };
  return Object.assign(reader, {
    string: () => reader.stringVerify(),
    stringVerify: meteredText(reader, making),
    bytes: () => {
      const value = readBytes();
      meter.spend(EMPTY_BYTES + value.length);
      return value;
    },
    ...Object.fromEntries(LONGS.map((name) => [name, long(reader[name].bind(reader))])),
    ...Object.fromEntries(NUMBERS.map((name) => [name, number(reader[name].bind(reader))])),
    ...Object.fromEntries([...NUMBERS, ...DERIVED_NUMBERS].map((name) => [`${name}s`, packed(reader, name)])),
  });
}

function meteredText(reader: protobuf.Reader, making: Meter): () => string {
  const read = reader.stringVerify.bind(reader);
  return () => {
    making.spend(MADE_BYTES);
    return read();
  };
}

type NumberName = (typeof NUMBERS)[number] | (typeof DERIVED_NUMBERS)[number];

/** In place of protobufjs's own, some of which read past the readers of a single number. */
function packed(reader: protobuf.Reader, name: NumberName): (list?: unknown[]) => unknown[] {
  return (list = []) => {
    const { len } = reader;
    const end = reader.uint32() + reader.pos;
    if (end > len) throw new RangeError('a packed list is longer than the message');
    reader.len = end;
    while (reader.pos < end) list.push(reader[name]());
    if (reader.pos !== end) throw new RangeError('a number of a packed list is cut off');
    reader.len = len;
    return list;
  };
}

function toBigInt({ low, high, unsigned }: Long): bigint {
  if (high === 0) return BigInt(low >>> 0);
  return (BigInt(unsigned ? high >>> 0 : high) << 32n) | BigInt(low >>> 0);
}
