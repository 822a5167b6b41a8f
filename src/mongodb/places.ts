/** Values among the bytes of a document, read where they are. */
import { BSON } from 'mongodb';
import { documentOf, ELEMENT, valueBytes } from './bson-elements.js';

/** A stretch of bytes that is a value. */
export interface Place {
  type: number;
  from: number;
  end: number;
}

/** The document, or the array, that begins there. */
export function documentAt(bytes: Buffer, from: number): Place {
  return { type: ELEMENT.object, from, end: from + bytes.readInt32LE(from) };
}

/** `undefined`: there is no such field. */
export function valueIn(bytes: Buffer, within: Place, name: string): unknown {
  const place = placeIn(bytes, within, name);
  return place === null ? undefined : valueAt(bytes, place);
}

/** The value of a field of a document or an array; `null`: there is none. */
export function placeIn(bytes: Buffer, within: Place, name: string): Place | null {
  // Between a document's length and its closing zero byte are its elements: type, name, zero byte, value.
  for (let at = within.from + 4; at < within.end - 1;) {
    const type = bytes[at] ?? 0;
    const nameAt = at + 1;
    let from = nameAt;
    while (from < within.end && bytes[from] !== 0) from += 1;
    const isIt = from - nameAt === name.length && isText(bytes, nameAt, name);
    from += 1;
    at = from + valueBytes(bytes, from, type);
    if (isIt) return { type, from, end: at };
  }
  return null;
}

/** Whether these characters of ASCII are there. */
export function isText(bytes: Buffer, at: number, ascii: string): boolean {
  for (let index = 0; index < ascii.length; index += 1)
    if (bytes[at + index] !== ascii.charCodeAt(index)) return false;
  return true;
}

/** The types that are usual here are read where they are, since js-bson takes several times as long. */
export function valueAt(bytes: Buffer, { type, from, end }: Place): unknown {
  switch (type) {
    case ELEMENT.string:
      return bytes.toString('utf8', from + 4, end - 1);
    case ELEMENT.double:
      return bytes.readDoubleLE(from);
    case ELEMENT.int64:
      return bytes.readBigInt64LE(from);
    case ELEMENT.int32:
      return bytes.readInt32LE(from);
    case ELEMENT.boolean:
      return bytes[from] === 1;
    case ELEMENT.null:
      return null;
    case ELEMENT.date:
      return new Date(Number(bytes.readBigInt64LE(from)));
    default:
      return deserialized(type, bytes.subarray(from, end));
  }
}

/** The value of a document that has no other, and no name for it. */
function deserialized(type: number, value: Buffer): unknown {
  return BSON.deserialize(documentOf([Buffer.of(type, 0), value]), { useBigInt64: true })[''];
}
