import { addSlot, createSlots, type Slots } from '../slots.js';
import { matchText } from './documents.js';
import type { Item } from './documents.js';
import { hashOfBytes, hashOfPlace, hashOfText, hasIdInPlace, isIdAt } from './model-ids.js';
import { documentAt, isText, placeIn, valueAt } from './places.js';
import type { WriteModel } from './sink.js';

/**
 * Items of distinct ids, to be found by ids that are BSON. A table of hashes, since for a `Map` the text of each id would have to be
 * made; in a `Map` are those that are of another type, or have more than ASCII.
 */
export interface IdIndex extends Slots {
  items: readonly Item[];
  others: Map<string, number>;
}

export function indexIds(items: readonly Item[]): IdIndex {
  const { mask, slots } = createSlots(items.length);
  const ids: IdIndex = { items, mask, slots, others: new Map() };
  let index = 0;
  for (const { model } of items) {
    const hash = hashOfId(model);
    if (hash === null) ids.others.set(matchText(model.id), index);
    else addSlot(ids, hash, index);
    index += 1;
  }
  return ids;
}

/**
 * A text as `_id`: a server has `_id` first, behind the document's length. One elsewhere isn't found: its item is taken for missing, and the
 * insert says what it is.
 */
const FIRST_TEXT = '\u0002_id\u0000';
/** Behind the lengths of the document and of the text. */
const FIRST_TEXT_AT = 4 + FIRST_TEXT.length + 4;

/** Whether the document that begins there begins with the `_id` of the model, which is a text of ASCII. */
export function isIdFirst(bytes: Buffer, from: number, model: WriteModel): boolean {
  return (
    isText(bytes, from + 4, FIRST_TEXT) &&
    isIdAt(model, bytes, from + FIRST_TEXT_AT, endOfFirstText(bytes, from) - 1)
  );
}

/** Behind such an `_id`. */
export function endOfFirstText(bytes: Buffer, from: number): number {
  const textFrom = from + FIRST_TEXT_AT;
  return textFrom + bytes.readInt32LE(textFrom - 4);
}

/** The index of the item that has the id of the document that begins there; -1: none has. */
export function indexOfDocument(ids: IdIndex, bytes: Buffer, from: number): number {
  // without an object for its place
  if (isText(bytes, from + 4, FIRST_TEXT)) {
    const index = find(ids, bytes, from + FIRST_TEXT_AT, endOfFirstText(bytes, from) - 1);
    if (index >= 0) return index;
  }
  if (ids.others.size === 0) return -1;
  const place = placeIn(bytes, documentAt(bytes, from), '_id');
  return place === null ? -1 : (ids.others.get(matchText(valueAt(bytes, place))) ?? -1);
}

/** By a text; -1: none of ASCII is the same. */
function find({ items, mask, slots }: IdIndex, bytes: Buffer, from: number, end: number): number {
  for (let slot = hashOfBytes(bytes, from, end) & mask; ; slot = (slot + 1) & mask) {
    const index = (slots[slot] ?? 0) - 1;
    if (index < 0) return index;
    const model = items[index]?.model;
    if (model !== undefined && isIdAt(model, bytes, from, end)) return index;
  }
}

/** `null`: it is no text of ASCII. */
function hashOfId(model: WriteModel): number | null {
  if (hasIdInPlace(model)) return hashOfPlace(model);
  const { id } = model;
  return typeof id === 'string' && isAsciiText(id) ? hashOfText(id) : null;
}

function isAsciiText(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}
