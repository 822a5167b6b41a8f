import { hashOfIdKey, isSameId } from '../mongodb/model-ids.js';
import type { VersionOrder, WriteModel } from '../mongodb/sink.js';
import { compareVersions } from '../mongodb/version-order.js';
import { createSlots, type Slots } from '../slots.js';

/** The models of a batch by their document ids; an index stands for a model. */
export interface Coalesced {
  /** The newest of each id, in order of first appearance. */
  newest: number[];
  /** The next older one of the same id, which takes its place if its content is refused. */
  olderThan: (index: number) => number | null;
  /** How many there are beside the newest. */
  coalesced: number;
}

/** `null` stands for a record that has none. */
type Models = readonly (WriteModel | null)[];

/** No model. */
const NONE = -1;

/**
 * Finds the newest of the models of each document id. What is known of a model is an index, since an object for each would live as long
 * as the batch. Mostly arrival order is version order, so sorting is rare.
 */
export function coalesce(models: Models, order: VersionOrder = 'offset'): Coalesced {
  const newest: number[] = [];
  const places: Places = { table: createSlots(models.length), models, newest };
  const unordered = new Set<number>();
  let older = new Int32Array(0);
  let coalesced = 0;
  for (let index = 0; index < models.length; index += 1) {
    const model = models[index];
    if (model === undefined || model === null) continue;
    const place = placeOf(model, places);
    const before = newest[place];
    newest[place] = index;
    if (before === undefined) continue;
    coalesced += 1;
    if (older.length === 0) older = new Int32Array(models.length).fill(NONE);
    older[index] = before;
    if (compareAt(models, before, index, order) > 0) unordered.add(place);
  }
  for (const place of unordered) newest[place] = sort(models, older, newest[place] ?? NONE, order);
  const olderThan = (index: number) => {
    const found = older[index] ?? NONE;
    return found === NONE ? null : found;
  };
  return { newest, olderThan, coalesced };
}

interface Places {
  table: Slots;
  models: Models;
  newest: readonly number[];
}

/** Where in `newest` an id's model is, or, if none is yet, where it shall be put now: at the end. */
function placeOf(model: WriteModel, { table: { mask, slots }, models, newest }: Places): number {
  for (let slot = hashOfIdKey(model) & mask; ; slot = (slot + 1) & mask) {
    const place = (slots[slot] ?? 0) - 1;
    if (place < 0) {
      slots[slot] = newest.length + 1;
      return newest.length;
    }
    const known = models[newest[place] ?? NONE] ?? null;
    if (known !== null && isSameId(known, model)) return place;
  }
}

function compareAt(models: Models, a: number, b: number, order: VersionOrder): number {
  const [one = null, other = null] = [models[a], models[b]];
  return one === null || other === null ? 0 : compareVersions(one.version, other.version, order);
}

/** Links those from the last arrived one on anew, by version; of equal ones the last arrived is the newest, which is returned. */
function sort(models: Models, older: Int32Array, last: number, order: VersionOrder): number {
  const arrived: number[] = [];
  for (let next = last; next !== NONE; next = older[next] ?? NONE) arrived.push(next);
  arrived.reverse().sort((a, b) => compareAt(models, a, b, order));
  let newest = NONE;
  for (const index of arrived) {
    older[index] = newest;
    newest = index;
  }
  return newest;
}
