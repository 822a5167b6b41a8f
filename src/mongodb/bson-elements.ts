/** Elements of BSON, written one after the other; https://bsonspec.org/spec.html has their forms. */

/** The byte before an element's name that says of what type its value is. */
export const ELEMENT = {
  double: 0x01,
  string: 0x02,
  object: 0x03,
  array: 0x04,
  boolean: 0x08,
  date: 0x09,
  null: 0x0a,
  int32: 0x10,
  int64: 0x12,
} as const;

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
