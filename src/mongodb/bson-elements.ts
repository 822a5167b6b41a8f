/** Elements of BSON, written one after the other; https://bsonspec.org/spec.html has their forms. */
import { BSON } from 'mongodb';

/** The byte before an element's name that says of what type its value is. */
export const ELEMENT = {
  double: 0x01,
  string: 0x02,
  object: 0x03,
  array: 0x04,
  binary: 0x05,
  undefined: 0x06,
  objectId: 0x07,
  boolean: 0x08,
  date: 0x09,
  null: 0x0a,
  regex: 0x0b,
  pointer: 0x0c,
  code: 0x0d,
  symbol: 0x0e,
  scopedCode: 0x0f,
  int32: 0x10,
  timestamp: 0x11,
  int64: 0x12,
  decimal: 0x13,
  maxKey: 0x7f,
  minKey: 0xff,
} as const;

/** Bytes of values whose types have one length. */
export const FIXED_BYTES: ReadonlyMap<number, number> = new Map([
  ...[ELEMENT.undefined, ELEMENT.null, ELEMENT.minKey, ELEMENT.maxKey].map((type) => [type, 0] as const),
  [ELEMENT.boolean, 1],
  [ELEMENT.int32, 4],
  ...[ELEMENT.double, ELEMENT.date, ELEMENT.timestamp, ELEMENT.int64].map((type) => [type, 8] as const),
  [ELEMENT.objectId, 12],
  [ELEMENT.decimal, 16],
]);

/** Bytes beside those that the value's own length counts. */
const UNCOUNTED_BYTES: ReadonlyMap<number, number> = new Map([
  ...[ELEMENT.object, ELEMENT.array, ELEMENT.scopedCode].map((type) => [type, 0] as const),
  ...[ELEMENT.string, ELEMENT.code, ELEMENT.symbol].map((type) => [type, 4] as const),
  [ELEMENT.binary, 5],
  [ELEMENT.pointer, 16],
]);

/** How many bytes the value at `at` takes; `Infinity`: it is of a type that isn't known. */
export function valueBytes(bytes: Buffer, at: number, type: number): number {
  const fixed = FIXED_BYTES.get(type);
  if (fixed !== undefined) return fixed;
  // two texts, each closed by a zero byte
  if (type === ELEMENT.regex) return bytes.indexOf(0, bytes.indexOf(0, at) + 1) + 1 - at;
  const uncounted = UNCOUNTED_BYTES.get(type);
  return uncounted === undefined ? Infinity : uncounted + bytes.readInt32LE(at);
}

/** The document that these elements make. */
export function documentOf(elements: readonly Uint8Array[]): Buffer {
  const document = Buffer.concat([Buffer.alloc(4), ...elements, Buffer.of(0)]);
  document.writeInt32LE(document.length);
  return document;
}

/** The array that these documents make, each an element whose name is its index. */
export function arrayOf(documents: readonly Uint8Array[]): Buffer {
  const typeAndName = (index: number) => Buffer.from(`${String.fromCharCode(ELEMENT.object)}${index}\0`);
  return documentOf(documents.flatMap((document, index) => [typeAndName(index), document]));
}

/** A buffer and where its next byte goes. Whoever writes has made sure that there is room. */
export interface Writer {
  out: Buffer;
  to: number;
}

export function writeInt32(writer: Writer, value: number): void {
  putInt32(writer.out, writer.to, value);
  writer.to += 4;
}

/** At a place that was left free, such as a length that is known at the end. */
export function putInt32(out: Buffer, at: number, value: number): void {
  out[at] = value;
  out[at + 1] = value >> 8;
  out[at + 2] = value >> 16;
  out[at + 3] = value >> 24;
}

const INT32_VALUES = 2 ** 32;

/** An integer of 64 bits; one that a number can hold takes no BigInt, which costs several times as much. */
export function writeInt64(writer: Writer, value: bigint | number): void {
  const number = Number(value);
  if (Number.isSafeInteger(number)) {
    putInt32(writer.out, writer.to, number);
    putInt32(writer.out, writer.to + 4, Math.floor(number / INT32_VALUES));
    writer.to += 8;
  } else {
    writer.to = writer.out.writeBigInt64LE(BigInt(value), writer.to);
  }
}

const ZERO = 0x30;

/** The name of an array's element: its index in digits, closed by a zero byte. */
export function writeIndexName(writer: Writer, index: number): void {
  const { out } = writer;
  let { to } = writer;
  if (index < 10) {
    out[to++] = ZERO + index;
  } else {
    const digits = String(index);
    for (let at = 0; at < digits.length; at += 1) out[to++] = digits.charCodeAt(at);
  }
  out[to++] = 0;
  writer.to = to;
}

/** Up to this length, copying ASCII one by one costs less than a call of Node's. */
const SHORT_TEXT = 48;

/** The text's UTF-8 bytes. */
export function writeText(writer: Writer, text: string): void {
  const { out, to } = writer;
  if (text.length <= SHORT_TEXT) {
    let at = 0;
    for (; at < text.length; at += 1) {
      const character = text.charCodeAt(at);
      if (character > 0x7f) break;
      out[to + at] = character;
    }
    if (at === text.length) {
      writer.to = to + at;
      return;
    }
  }
  writer.to = to + out.write(text, to);
}

/** A name or another text that is closed by a zero byte. It must hold none. */
export function writeName(writer: Writer, name: string): void {
  writeText(writer, name);
  writer.out[writer.to++] = 0;
}

/** The value of a string element: its length with the closing zero byte, its bytes, the zero byte. */
export function writeString(writer: Writer, text: string): void {
  const lengthAt = writer.to;
  writer.to += 4;
  writeName(writer, text);
  putInt32(writer.out, lengthAt, writer.to - lengthAt - 4);
}

/** Leaves room for the length of a document or array; `endDocument` fills it in. */
export function beginDocument(writer: Writer): number {
  const lengthAt = writer.to;
  writer.to += 4;
  return lengthAt;
}

/** Begins a document or array as a field. */
export function beginField(writer: Writer, type: number, name: string): number {
  writer.out[writer.to++] = type;
  writeName(writer, name);
  return beginDocument(writer);
}

export function endDocument(writer: Writer, lengthAt: number): void {
  writer.out[writer.to++] = 0;
  putInt32(writer.out, lengthAt, writer.to - lengthAt);
}

/** As the driver does for commands: a field that is undefined is stored as null. */
export function serialize(document: BSON.Document): Uint8Array {
  return BSON.serialize(document, { ignoreUndefined: false });
}

/** Of any type, by the driver. */
export function writeElement(writer: Writer, name: string, value: unknown): void {
  const bson = serialize({ [name]: value });
  // the document's length before its element, its end behind
  writer.out.set(bson.subarray(4, -1), writer.to);
  writer.to += bson.length - 5;
}
