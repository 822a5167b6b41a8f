/**
 * Confluent's two ways of saying which schema a record has: five bytes before the payload (0, then the id), or, since version 8,
 * a header of the record (1, then a GUID). Protobuf adds which message of the schema it is.
 */
import type { RegistryFormat } from '../config/settings.js';
import type { SchemaRef } from './schemas.js';

export type Part = 'key' | 'value';

export interface Framed {
  ref: SchemaRef;
  payload: Buffer;
  /** Indexes of the message, from the outermost; empty but for Protobuf. */
  path: readonly number[];
}

export interface Headers {
  readonly headers: readonly { name: string; value: Buffer | null }[];
}

const HEADER_NAMES: Readonly<Record<Part, string>> = { key: '__key_schema_id', value: '__value_schema_id' };
const ID_MAGIC = 0;
const GUID_MAGIC = 1;
const ID_BYTES = 5;
const GUID_BYTES = 17;
/** Messages in messages; also keeps a hostile count from becoming an array. */
const MAX_PATH = 100;

/** `null`: nothing says which schema it is. */
export function framedOf(
  format: RegistryFormat,
  part: Part,
  bytes: Buffer,
  { headers }: Headers,
): Framed | null {
  if (headers.length > 0) {
    const header = headers.findLast(({ name }) => name === HEADER_NAMES[part])?.value;
    if (header !== undefined && header !== null) return byHeader(format, header, bytes);
  }
  return byPrefix(format, bytes);
}

function byPrefix(format: RegistryFormat, bytes: Buffer): Framed | null {
  const ref = refOf(bytes);
  if (ref === null) return null;
  if (format !== 'protobuf') return { ref: ref.ref, payload: bytes.subarray(ref.bytes), path: [] };
  const path = readPath(bytes, ref.bytes);
  return path === null ? null : { ref: ref.ref, payload: bytes.subarray(path.end), path: path.indexes };
}

function byHeader(format: RegistryFormat, header: Buffer, payload: Buffer): Framed | null {
  const ref = refOf(header);
  if (ref === null) return null;
  if (format !== 'protobuf') return { ref: ref.ref, payload, path: [] };
  const path = readPath(header, ref.bytes);
  return path === null ? null : { ref: ref.ref, payload, path: path.indexes };
}

function refOf(bytes: Buffer): { ref: SchemaRef; bytes: number } | null {
  if (bytes[0] === ID_MAGIC && bytes.length >= ID_BYTES)
    return { ref: `ids/${String(bytes.readUInt32BE(1))}`, bytes: ID_BYTES };
  if (bytes[0] === GUID_MAGIC && bytes.length >= GUID_BYTES)
    return { ref: `guids/${uuidText(bytes.subarray(1, GUID_BYTES))}`, bytes: GUID_BYTES };
  return null;
}

/** The usual notation of 16 bytes. */
export function uuidText(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** A count and so many indexes; a count of 0 is short for the first message. */
function readPath(bytes: Buffer, from: number): { indexes: number[]; end: number } | null {
  const count = readVarint(bytes, from);
  if (count === null || count.value < 0 || count.value > MAX_PATH) return null;
  if (count.value === 0) return { indexes: [0], end: count.end };
  const indexes: number[] = [];
  let { end } = count;
  for (let index = 0; index < count.value; index += 1) {
    const next = readVarint(bytes, end);
    if (next === null || next.value < 0) return null;
    indexes.push(next.value);
    ({ end } = next);
  }
  return { indexes, end };
}

/** Zigzag, up to 32 bits. */
function readVarint(bytes: Buffer, from: number): { value: number; end: number } | null {
  let value = 0;
  for (let index = 0; index < 5; index += 1) {
    const byte = bytes[from + index];
    if (byte === undefined) return null;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value: value % 2 === 1 ? -(value + 1) / 2 : value / 2, end: from + index + 1 };
  }
  return null;
}
