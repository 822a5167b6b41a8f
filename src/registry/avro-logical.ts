import avro from 'avsc';
import { toDecimal } from '../mongodb/values.js';
import { readBytes, readInt, readLong, readSizedBytes, type AvroInput } from './avro-input.js';
import type { AvroReader } from './avro-schema.js';
import { faultError } from './faults.js';
import { uuidText } from './framing.js';

const DAY_MS = 86_400_000;
const MAX_DATE_MS = 8.64e15;
/** 34 digits need 15. */
const MAX_DECIMAL_BYTES = 32;

interface DecimalAttributes {
  scale?: unknown;
}

/** A logical type as it is written. avsc forgets those for which it is given no class, and with them the scale of a decimal. */
export class MarkedType extends avro.types.LogicalType {
  static readonly all: Record<string, typeof MarkedType> = Object.fromEntries(
    [
      ...['decimal', 'uuid', 'date', 'timestamp-millis', 'timestamp-micros', 'timestamp-nanos'],
      ...['local-timestamp-millis', 'local-timestamp-micros', 'local-timestamp-nanos'],
    ].map((name) => [name, MarkedType]),
  );

  readonly scale: number;

  constructor(schema: avro.Schema, options?: unknown) {
    super(schema, options);
    const { scale = 0 } = schema as DecimalAttributes;
    this.scale = typeof scale === 'number' && Number.isInteger(scale) && scale >= 0 ? scale : 0;
  }
}

/** `null`: the name means nothing for what is below it, and by Avro's rule that counts alone. */
export function logicalReader(type: MarkedType): AvroReader | null {
  const { underlyingType: below, scale } = type;
  if (type.typeName === 'logical:decimal') return decimalReader(below, scale);
  return READERS.get(`${type.typeName.replace(/^logical:(?:local-)?/, '')} ${kindOf(below)}`) ?? null;
}

function kindOf(type: avro.Type): string {
  return type instanceof avro.types.FixedType ? `fixed ${String(type.size)}` : type.typeName;
}

const READERS: ReadonlyMap<string, AvroReader> = new Map<string, AvroReader>([
  ['date int', (input) => toDate(readInt(input) * DAY_MS)],
  ['timestamp-millis long', (input) => toDate(Number(readLong(input)))],
  ['timestamp-micros long', (input) => toDate(flooredMs(readLong(input), 1_000n))],
  ['timestamp-nanos long', (input) => toDate(flooredMs(readLong(input), 1_000_000n))],
  ['uuid fixed 16', (input) => uuidText(readBytes(input, 16))],
]);

/** The millisecond in which it lies, also before 1970. */
function flooredMs(value: bigint, perMs: bigint): number {
  const cut = value / perMs;
  return Number(value < 0n && cut * perMs !== value ? cut - 1n : cut);
}

export function toDate(ms: number): Date {
  if (Math.abs(ms) > MAX_DATE_MS) throw faultError('OUT_OF_RANGE');
  return new Date(ms);
}

function decimalReader(below: avro.Type, scale: number): AvroReader | null {
  if (below instanceof avro.types.FixedType) return (input) => toScaled(readBytes(input, below.size), scale);
  return below.typeName === 'bytes' ? (input: AvroInput) => toScaled(readSizedBytes(input), scale) : null;
}

/** Big-endian two's complement, and the number of digits behind the point. */
export function toScaled(bytes: Buffer, scale: number): unknown {
  if (bytes.length > MAX_DECIMAL_BYTES) throw faultError('OUT_OF_RANGE');
  const unscaled = BigInt.asIntN(8 * bytes.length, BigInt(`0x0${bytes.toString('hex')}`));
  const decimal = toDecimal(`${String(unscaled)}E${String(-scale)}`);
  if (decimal === null) throw faultError('OUT_OF_RANGE');
  return decimal;
}
