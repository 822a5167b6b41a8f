/** What Kafka Connect's JSON converter writes with `schemas.enable`: `{ schema, payload }`. Values get the types that the schema says. */
import { MAX_DATE_MS } from '../mongodb/iso-date.js';
import { scaledDecimal, toDecimal, toDouble } from '../mongodb/values.js';
import { createMeter, payloadOf as metered, type Meter } from '../registry/faults.js';
import type { Part } from '../registry/framing.js';
import type { Payload, PayloadFault } from '../registry/schemas.js';
import { bad, type BadRecord } from './bad-record.js';
import { isObject, type Fields } from './decode.js';
import { shapeFault, type RecordLimits } from './record-limits.js';

/** Marks what doesn't fit its schema. */
const MISFIT = Symbol('misfit');

type Read = (value: unknown, schema: Fields, meter: Meter) => unknown;

const DAY_MS = 86_400_000;
/** As many digits as a double keeps for sure. */
const EXACT_DIGITS = 15;
/** What a decimal of MongoDB can have; a schema may say a scale that would take a gigabyte of zeros. */
const MAX_SCALE = 6_176;
/** A number of 64 bits or a date, as BSON has it. */
const VALUE_BYTES = 8;

export function isWithSchema(value: unknown): value is { schema: unknown; payload: unknown } {
  return isObject(value) && Object.keys(value).length === 2 && 'schema' in value && 'payload' in value;
}

/**
 * The payload by its schema: fields in the schema's order, missing ones with their default or null, as MongoDB's sink connector
 * stores it. Integers of 64 bits are `bigint`. Without a schema (null) as it is. Defaults may make it larger than the record, so
 * that it is metered while it is read.
 */
export function payloadOf(
  part: Part,
  { schema, payload }: { schema: unknown; payload: unknown },
  limits: RecordLimits,
): Extract<Payload, { kind: 'value' }> | BadRecord {
  if (schema === null) return { kind: 'value', value: payload };
  if (!isObject(schema)) return faultOf(part, 'MALFORMED', limits);
  const done = metered(() => read(payload, schema, createMeter(limits)));
  if (done.kind === 'fault') return faultOf(part, done.fault, limits);
  return done.value === MISFIT ? faultOf(part, 'MALFORMED', limits) : done;
}

function faultOf(part: Part, fault: PayloadFault, limits: RecordLimits): BadRecord {
  const stage = part === 'key' ? 'id' : 'decode';
  if (fault === 'TOO_DEEP' || fault === 'TOO_MANY_KEYS') return { ...shapeFault(limits, fault), stage };
  return fault === 'TOO_LARGE'
    ? bad(stage, 'TOO_LARGE', `with its schema's defaults the ${part} would become more than 32 MiB of BSON`)
    : bad(stage, 'NOT_AN_ENVELOPE', `the ${part}'s payload doesn't fit the schema beside it`);
}

function read(value: unknown, schema: Fields, meter: Meter): unknown {
  const given = value ?? schema['default'] ?? null;
  if (given === null) return null;
  meter.spend(VALUE_BYTES + (typeof given === 'string' ? given.length : 0));
  const { name, type } = schema;
  const reader = (typeof name === 'string' ? LOGICAL.get(name) : undefined) ?? TYPES.get(String(type));
  return reader === undefined ? MISFIT : reader(given, schema, meter);
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
  return Math.abs(milliseconds) <= MAX_DATE_MS ? new Date(milliseconds) : MISFIT;
}

/** Base64 of the unscaled value, or a number (`decimal.format=NUMERIC`) of so few digits that none can be lost. */
function decimal(value: unknown, { parameters }: Fields): unknown {
  const scale = isObject(parameters) ? Number(parameters['scale']) : Number.NaN;
  if (!Number.isInteger(scale) || Math.abs(scale) > MAX_SCALE) return MISFIT;
  if (isNumber(value)) return decimalOfNumber(String(value), scale);
  const bytes = bytesOf(value);
  if (bytes === null || bytes.length === 0) return MISFIT;
  return scaledDecimal(bytes, scale) ?? MISFIT;
}

/** As JavaScript writes one: small and large ones with an exponent. */
const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/;

function decimalOfNumber(text: string, scale: number): unknown {
  const parts = NUMBER.exec(text);
  if (parts === null) return MISFIT;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts;
  if (whole.length + fraction.length > EXACT_DIGITS) return MISFIT;
  // without zeros at the end, which a negative scale has no room for
  const digits = `${whole}${fraction}`.replace(/(?<=.)0+$/, '');
  const zeros = digits === '0' ? 0 : scale + Number(exponent) + whole.length - digits.length;
  if (zeros < 0) return MISFIT;
  return toDecimal(`${sign}${digits}${'0'.repeat(zeros)}E${String(-scale)}`) ?? MISFIT;
}

function array(value: unknown, { items }: Fields, meter: Meter): unknown {
  if (!Array.isArray(value) || !isObject(items)) return MISFIT;
  meter.enter(0);
  meter.items(value.length);
  const done = value.map((item) => read(item, items, meter));
  meter.leave();
  return done.includes(MISFIT) ? MISFIT : done;
}

/** With keys that are texts; others come as pairs, and MongoDB has none. */
function map(value: unknown, { values }: Fields, meter: Meter): unknown {
  if (!isObject(value) || !isObject(values)) return MISFIT;
  const entries = Object.entries(value);
  meter.enter(entries.length);
  const done = entries.map(([key, item]): [string, unknown] => [key, read(item, values, meter)]);
  meter.leave();
  return fromEntries(done);
}

function struct(value: unknown, { fields }: Fields, meter: Meter): unknown {
  if (!isObject(value) || !Array.isArray(fields)) return MISFIT;
  meter.enter(fields.length);
  const done = fields.map((field: unknown) => entryOf(value, field, meter));
  meter.leave();
  return fromEntries(done);
}

function entryOf(value: Fields, field: unknown, meter: Meter): [string, unknown] {
  if (!isObject(field) || typeof field['field'] !== 'string') return ['', MISFIT];
  const name = field['field'];
  return [name, read(Object.hasOwn(value, name) ? value[name] : null, field, meter)];
}

function fromEntries(entries: [string, unknown][]): unknown {
  return entries.some(([, value]) => value === MISFIT) ? MISFIT : Object.fromEntries(entries);
}
