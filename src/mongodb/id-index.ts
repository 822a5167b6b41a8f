import { ELEMENT } from './bson-elements.js';
import { matchText } from './documents.js';
import type { Item } from './documents.js';
import { isText, valueAt } from './places.js';
import type { Place } from './places.js';

/** The index of the item whose id is the value there; -1: no item's is. */
export type IndexOfId = (bytes: Buffer, id: Place) => number;

/**
 * Finds items of distinct ids by ids that are BSON. A table of hashes, since for a `Map` the text of each id would have to be made; in a
 * `Map` are those that are of another type, or have more than ASCII.
 */
export function indexIds(items: readonly Item[]): IndexOfId {
  // half of it stays free
  const mask = 2 ** Math.ceil(Math.log2(2 * items.length + 2)) - 1;
  const table: Table = { items, mask, slots: new Int32Array(mask + 1) };
  const others = new Map<string, number>();
  items.forEach(({ model: { id } }, index) => {
    const hash = typeof id === 'string' ? hashOfText(id) : NO_HASH;
    if (hash === NO_HASH) others.set(matchText(id), index);
    else add(table, hash, index);
  });
  return (bytes, id) => {
    // a text's length is before it, and a zero byte behind
    const [from, end] = [id.from + 4, id.end - 1];
    const hash = id.type === ELEMENT.string ? hashOfBytes(bytes, from, end) : NO_HASH;
    if (hash === NO_HASH) return others.get(matchText(valueAt(bytes, id))) ?? -1;
    return find(table, hash, (text) => text.length === end - from && isText(bytes, from, text));
  };
}

interface Table {
  items: readonly Item[];
  /** One less than the number of slots, which is a power of two. */
  mask: number;
  /** Each one more than an index: 0 is free. */
  slots: Int32Array;
}

function add({ mask, slots }: Table, hash: number, index: number): void {
  let slot = hash & mask;
  while (slots[slot] !== 0) slot = (slot + 1) & mask;
  slots[slot] = index + 1;
}

function find({ items, mask, slots }: Table, hash: number, isIt: (id: string) => boolean): number {
  for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
    const index = (slots[slot] ?? 0) - 1;
    const id = items[index]?.model.id;
    if (index < 0 || (typeof id === 'string' && isIt(id))) return index;
  }
}

/** Of a text with more than ASCII. */
const NO_HASH = -1;
/** FNV-1a, without the sign. */
const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;
const POSITIVE = 0x7fffffff;

function hashOfText(text: string): number {
  let hash = OFFSET_BASIS;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (character > 0x7f) return NO_HASH;
    hash = Math.imul(hash ^ character, PRIME);
  }
  return hash & POSITIVE;
}

/** The same as of the text: for one function both would have to be made one kind of thing. */
function hashOfBytes(bytes: Buffer, from: number, end: number): number {
  let hash = OFFSET_BASIS;
  for (let at = from; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte > 0x7f) return NO_HASH;
    hash = Math.imul(hash ^ byte, PRIME);
  }
  return hash & POSITIVE;
}
