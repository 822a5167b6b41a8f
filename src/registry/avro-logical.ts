import { MAX_DATE_MS } from '../mongodb/iso-date.js';
import { scaledDecimal } from '../mongodb/values.js';
import { readBytes, readInt, readLong, readSizedBytes } from './avro-input.js';
import type { AvroReader } from './avro-reader.js';
import type { AvroType } from './avro-schema.js';
import { faultError, type Meter } from './faults.js';
import { uuidText } from './framing.js';

const DAY_MS = 86_400_000;
/** As BSON has it. */
const DECIMAL_BYTES = 16;

/** `null`: the name means nothing for what is below it, and by Avro's rule that counts alone. */
export function logicalReader(type: AvroType): AvroReader | null {
  const { logical } = type;
  if (logical === undefined) return null;
  if (logical.name === 'decimal') return decimalReader(type, logical.scale);
  const below = type.kind === 'fixed' ? `fixed ${String(type.size)}` : type.kind;
  return READERS.get(`${logical.name.replace(/^local-(?=timestamp-)/, '')} ${below}`) ?? null;
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

function decimalReader(type: AvroType, scale: number): AvroReader | null {
  if (type.kind === 'fixed') return (input) => toScaled(readBytes(input, type.size), scale, input);
  return type.kind === 'bytes' ? (input) => toScaled(readSizedBytes(input), scale, input) : null;
}

/** See `scaledDecimal`. */
export function toScaled(bytes: Buffer, scale: number, meter: Meter): unknown {
  meter.spend(DECIMAL_BYTES);
  const decimal = scaledDecimal(bytes, scale);
  if (decimal === null) throw faultError('OUT_OF_RANGE');
  return decimal;
}
