/** Ids of models, which of most records are never made into texts: they stay in the bytes of their fetch. */
import { HASH_OF_NOTHING, hashWith } from '../slots.js';
import { writeInt32, type Writer } from './bson-elements.js';
import { isText } from './places.js';
import { isAscii } from './plain-text.js';
import { RawUpsert } from './raw-upsert.js';
import type { WriteModel } from './sink.js';

/** Whether the id is among the bytes of its record, and no text was made of it. */
export function hasIdInPlace(model: WriteModel): model is RawUpsert {
  return model instanceof RawUpsert && model.isIdInPlace;
}

/** A hash of the `idKey`. */
export function hashOfIdKey(model: WriteModel): number {
  return hasIdInPlace(model) ? hashOfPlace(model) : hashOfText(model.idKey);
}

export function hashOfPlace({ idBytes, idAt, idEnd }: RawUpsert): number {
  return hashOfBytes(idBytes, idAt, idEnd);
}

export function hashOfText(text: string): number {
  let hash = HASH_OF_NOTHING;
  for (let at = 0; at < text.length; at += 1) hash = hashWith(hash, text.charCodeAt(at));
  return hash;
}

/** Of ASCII the same as of its text: for one function both would have to be made one kind of thing. */
export function hashOfBytes(bytes: Buffer, from: number, end: number): number {
  let hash = HASH_OF_NOTHING;
  for (let at = from; at < end; at += 1) hash = hashWith(hash, bytes[at] ?? 0);
  return hash;
}

/** Whether both have the same `idKey`. */
export function isSameId(one: WriteModel, other: WriteModel): boolean {
  return hasIdInPlace(one) && hasIdInPlace(other)
    ? isIdAt(one, other.idBytes, other.idAt, other.idEnd)
    : one.idKey === other.idKey;
}

/** Whether the id of the model is the text that is there, of ASCII: any other is no text that this knows. */
export function isIdAt(model: WriteModel, bytes: Buffer, from: number, end: number): boolean {
  if (!hasIdInPlace(model)) {
    const { id } = model;
    const isAsLong = typeof id === 'string' && id.length === end - from;
    return isAsLong && isAscii(bytes, from, end) && isText(bytes, from, id);
  }
  const { idBytes, idAt, idEnd } = model;
  if (idEnd - idAt !== end - from) return false;
  for (let at = idAt, other = from; at < idEnd; at += 1, other += 1)
    if (idBytes[at] !== bytes[other]) return false;
  return true;
}

/** An id that is in place, as `writeString` writes a text. */
export function writeIdInPlace(writer: Writer, { idBytes, idAt, idEnd }: RawUpsert): void {
  writeInt32(writer, idEnd - idAt + 1);
  const { out } = writer;
  let { to } = writer;
  for (let at = idAt; at < idEnd; at += 1) out[to++] = idBytes[at] ?? 0;
  out[to++] = 0;
  writer.to = to;
}
