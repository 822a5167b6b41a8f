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
const WIDTHS: ReadonlyMap<string, number> = new Map([
  ['fixed32', 4],
  ['sfixed32', 4],
  ['float', 4],
  ['double', 8],
]);
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

/** `values`: of the document; `making`: see `Making`. */
interface Metered extends protobuf.Reader {
  values: Meter;
  making: Meter;
}

const PLAIN = protobuf.BufferReader.prototype;
type Method = (this: Metered, list?: unknown[]) => unknown;

function long(name: (typeof LONGS)[number]): Method {
  return function () {
    this.values.spend(LONG_BYTES);
    return toBigInt(PLAIN[name].call(this));
  };
}

function number(name: (typeof NUMBERS)[number]): Method {
  const read = Reflect.get(PLAIN, name) as (this: protobuf.Reader) => unknown;
  return function () {
    this.making.items(1);
    return read.call(this);
  };
}

/** protobufjs reads most of them past the readers of a single number, so they are counted before: a varint by its last byte. */
function packed(name: (typeof NUMBERS)[number] | (typeof DERIVED_NUMBERS)[number]): Method {
  const read = Reflect.get(PLAIN, `${name}s`) as Method;
  const width = WIDTHS.get(name);
  return function (list) {
    const { pos, buf } = this;
    const size = PLAIN.uint32.call(this);
    const end = Math.min(this.pos + size, this.len);
    let items = width === undefined ? 0 : size / width;
    if (width === undefined) for (let at = this.pos; at < end; at += 1) if (Number(buf[at]) < 128) items += 1;
    this.making.items(items);
    this.pos = pos;
    return read.call(this, list);
  };
}

function text(this: Metered): string {
  this.making.spend(MADE_BYTES);
  return PLAIN.stringVerify.call(this);
}

/** Made once: a reader with so many functions of its own would be slower by far. */
const METERED: object = Object.assign(Object.create(PLAIN) as object, {
  string: text,
  stringVerify: text,
  bytes(this: Metered) {
    const value = PLAIN.bytes.call(this);
    this.values.spend(EMPTY_BYTES + value.length);
    return value;
  },
  ...Object.fromEntries(LONGS.map((name) => [name, long(name)])),
  ...Object.fromEntries(NUMBERS.map((name) => [name, number(name)])),
  ...Object.fromEntries([...NUMBERS, ...DERIVED_NUMBERS].map((name) => [`${name}s`, packed(name)])),
});

/** Only for its prototype. */
function MeteredReader(): void {
  // protobufjs's own constructor runs in its place
}
MeteredReader.prototype = METERED;

/**
 * protobufjs's reader, with what we want otherwise: texts are UTF-8 also where proto2 doesn't ask for it, since others can't be
 * stored; 64-bit numbers are `bigint`; and what may be there by the million for a byte or two each is metered as it is made.
 */
export function inputOf(bytes: Buffer, values: Meter, making: Meter): protobuf.Reader {
  const reader = Reflect.construct(protobuf.BufferReader, [bytes], MeteredReader) as Metered;
  reader.discardUnknown = true;
  reader.values = values;
  reader.making = making;
  return reader;
}

function toBigInt({ low, high, unsigned }: Long): bigint {
  if (high === 0) return BigInt(low >>> 0);
  return (BigInt(unsigned ? high >>> 0 : high) << 32n) | BigInt(low >>> 0);
}
