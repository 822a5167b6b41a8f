import { randomInt } from 'node:crypto';

/** A hash table of indexes into an array that its user has, with linear probing: an entry of a `Map` lives as long as a batch. */
export interface Slots {
  /** One less than the number of slots, which is a power of two. */
  mask: number;
  /** Each one more than an index; 0: free. */
  slots: Int32Array;
}

/** For at most so many indexes: half of the slots stay free. */
export function createSlots(count: number): Slots {
  const mask = 2 ** Math.ceil(Math.log2(2 * count + 2)) - 1;
  return { mask, slots: new Int32Array(mask + 1) };
}

/** Puts an index at the first free slot, from the one of its hash on. */
export function addSlot({ mask, slots }: Slots, hash: number, index: number): void {
  let slot = hash & mask;
  while (slots[slot] !== 0) slot = (slot + 1) & mask;
  slots[slot] = index + 1;
}

/** What a hash begins with: another number in each process, so that nobody can make keys all of which have the same one. */
export const HASH_OF_NOTHING = randomInt(2 ** 31);

/** FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/). */
export function hashWith(hash: number, character: number): number {
  return Math.imul(hash ^ character, 0x01000193);
}
