import protobuf from 'protobufjs';
import type { Meter } from './faults.js';

interface Long {
  low: number;
  high: number;
  unsigned: boolean;
}

const LONGS = ['int64', 'sint64', 'sfixed64', 'uint64', 'fixed64'] as const;
/** A binary and a 64-bit number, as BSON has them. */
const EMPTY_BYTES = 8;
const LONG_BYTES = 8;

/**
 * protobufjs's reader, with what we want otherwise: texts are UTF-8 also where proto2 doesn't ask for it, since others can't be
 * stored; 64-bit numbers are `bigint`; and what may be there by the million for a byte or two each is metered as it is made.
 */
export function inputOf(bytes: Buffer, meter: Meter): protobuf.Reader {
  const reader = protobuf.Reader.create(bytes);
  reader.discardUnknown = true;
  const readBytes = reader.bytes.bind(reader);
  const long = (read: () => Long) => () => {
    meter.spend(LONG_BYTES);
    return toBigInt(read());
  };
  return Object.assign(reader, {
    string: () => reader.stringVerify(),
    bytes: () => {
      const value = readBytes();
      meter.spend(EMPTY_BYTES + value.length);
      return value;
    },
    ...Object.fromEntries(LONGS.map((name) => [name, long(reader[name].bind(reader))])),
  });
}

function toBigInt({ low, high, unsigned }: Long): bigint {
  if (high === 0) return BigInt(low >>> 0);
  return (BigInt(unsigned ? high >>> 0 : high) << 32n) | BigInt(low >>> 0);
}
