/** What Kafka Connect's JSON converter writes with `schemas.enable`: `{ schema, payload }`. Values get the types that the schema says. */
import { toDecimal, toDouble } from '../mongodb/values.js';
import { isPlainObject, type Fields } from './decode.js';

/** Marks what doesn't fit its schema. */
export const MISFIT = Symbol('misfit');

type Read = (value: unknown, schema: Fields) => unknown;

const DAY_MS = 86_400_000;
const LATEST_DATE_MS = 8.64e15;
/** As many digits as a double keeps for sure. */
const EXACT_DIGITS = 15;

export function isWithSchema(value: unknown): value is { schema: unknown; payload: unknown } {
  return isPlainObject(value) && Object.keys(value).length === 2 && 'schema' in value && 'payload' in value;
}

/**
 * The payload by its schema: fields in the schema's order, missing ones with their default or null, as MongoDB's sink connector
 * stores it. Integers of 64 bits are `bigint`. Without a schema (null) as it is; `MISFIT`: it doesn't fit.
 */
export function payloadOf({ schema, payload }: { schema: unknown; payload: unknown }): unknown {
  if (schema === null) return payload;
  return isPlainObject(schema) ? read(payload, schema) : MISFIT;
}

function read(value: unknown, schema: Fields): unknown {
  const given = value ?? schema['default'] ?? null;
  if (given === null) return null;
  const { name, type } = schema;
  const reader = (typeof name === 'string' ? LOGICAL.get(name) : undefined) ?? TYPES.get(String(type));
  return reader === undefined ? MISFIT : reader(given, schema);
}

const TYPES: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['boolean', (value) => (typeof value === 'boolean' ? value : MISFIT)],
  ['string', (value) => (typeof value === 'string' ? value : MISFIT)],
  ['int8', int],
  ['int16', int],
  ['int32', int],
  ['int64', (value) => integerOf(value) ?? MISFIT],
  ['float', (value) => (isNumber(value) ? toDouble(Math.fround(Number(value))) : MISFIT)],
  ['double', (value) => (isNumber(value) ? toDouble(Number(value)) : MISFIT)],
  ['bytes', (value) => bytesOf(value) ?? MISFIT],
  ['array', array],
  ['map', map],
  ['struct', struct],
]);

const LOGICAL: ReadonlyMap<string, Read> = new Map<string, Read>([
  ['org.apache.kafka.connect.data.Decimal', decimal],
  ['org.apache.kafka.connect.data.Timestamp', (value) => dateOf(value, 1)],
  ['org.apache.kafka.connect.data.Date', (value) => dateOf(value, DAY_MS)],
  // of the first of January 1970, as the sink connector stores it
  ['org.apache.kafka.connect.data.Time', (value) => dateOf(value, 1)],
]);

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function integerOf(value: unknown): bigint | null {
  if (typeof value === 'bigint') return value;
  return Number.isSafeInteger(value) ? BigInt(value as number) : null;
}

/** Larger ones have been made `bigint` by then. */
function int(value: unknown): unknown {
  return typeof value === 'number' && Number.isInteger(value) ? value : MISFIT;
}

function bytesOf(value: unknown): Buffer | null {
  if (typeof value !== 'string') return null;
  const bytes = Buffer.from(value, 'base64');
  return bytes.toString('base64') === value ? bytes : null;
}

function dateOf(value: unknown, unitMs: number): unknown {
  const milliseconds = Number(integerOf(value) ?? Number.NaN) * unitMs;
  return Math.abs(milliseconds) <= LATEST_DATE_MS ? new Date(milliseconds) : MISFIT;
}

/** Base64 of the unscaled value, or a number (`decimal.format=NUMERIC`) of so few digits that none can be lost. */
function decimal(value: unknown, { parameters }: Fields): unknown {
  const scale = isPlainObject(parameters) ? Number(parameters['scale']) : Number.NaN;
  if (!Number.isInteger(scale)) return MISFIT;
  if (isNumber(value)) return decimalOfNumber(String(value), scale);
  const bytes = bytesOf(value);
  if (bytes === null || bytes.length === 0) return MISFIT;
  const unscaled = BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString('hex')}`));
  return toDecimal(`${String(unscaled)}E${String(-scale)}`) ?? MISFIT;
}

function decimalOfNumber(text: string, scale: number): unknown {
  const [, whole = '', fraction = ''] = /^(-?\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === '' || fraction.length > scale || `${whole}${fraction}`.length > EXACT_DIGITS) return MISFIT;
  return toDecimal(scale > 0 ? `${whole}.${fraction.padEnd(scale, '0')}` : whole) ?? MISFIT;
}

function array(value: unknown, { items }: Fields): unknown {
  if (!Array.isArray(value) || !isPlainObject(items)) return MISFIT;
  const done = value.map((item) => read(item, items));
  return done.includes(MISFIT) ? MISFIT : done;
}

/** With keys that are texts; others come as pairs, and MongoDB has none. */
function map(value: unknown, { values }: Fields): unknown {
  if (!isPlainObject(value) || !isPlainObject(values)) return MISFIT;
  return fromEntries(Object.entries(value).map(([key, item]) => [key, read(item, values)]));
}

function struct(value: unknown, { fields }: Fields): unknown {
  if (!isPlainObject(value) || !Array.isArray(fields)) return MISFIT;
  return fromEntries(fields.map((field: unknown) => entryOf(value, field)));
}

function entryOf(value: Fields, field: unknown): [string, unknown] {
  if (!isPlainObject(field) || typeof field['field'] !== 'string') return ['', MISFIT];
  const name = field['field'];
  return [name, read(Object.hasOwn(value, name) ? value[name] : null, field)];
}

function fromEntries(entries: [string, unknown][]): unknown {
  return entries.some(([, value]) => value === MISFIT) ? MISFIT : Object.fromEntries(entries);
}
