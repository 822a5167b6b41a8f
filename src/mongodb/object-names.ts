/** Names in the objects that are open, by their hashes: one object behind the other. */
export interface ObjectNames {
  readonly hashes: Int32Array;
  count: number;
}

/** Each new name is compared with all before it. */
const MOST_IN_OBJECT = 64;

export function createObjectNames(maxDepth: number): ObjectNames {
  return { hashes: new Int32Array(maxDepth * MOST_IN_OBJECT), count: 0 };
}

/**
 * Adds a name to the object whose names begin at `from`; `false`: it has that name, or too many. A second name of the same hash is
 * mostly the same name.
 */
export function addName(names: ObjectNames, from: number, hash: number): boolean {
  const { hashes, count } = names;
  if (count - from >= MOST_IN_OBJECT) return false;
  for (let at = from; at < count; at += 1) if (hashes[at] === hash) return false;
  hashes[count] = hash;
  names.count += 1;
  return true;
}
