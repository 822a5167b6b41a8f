import { DrainError } from './errors.js';

/**
 * Objects that are used again: what is made for each record lives as long as its batch, so that the garbage collector copies it twice, and
 * then has the old generation to collect.
 */
export interface Spares<T> {
  /** One that somebody is done with; `undefined`: there is none. */
  take: () => T | undefined;
  /** Nobody reads it any more. Error: `UNEXPECTED` where it was given back already, and might be somebody's. */
  giveBack: (spare: T) => void;
}

/** Of what is made for each record: two batches of 4 MiB of records of 300 bytes, and some. */
export const MOST_OF_RECORDS = 2 ** 15;

/** What can be used again. */
export interface Reusable {
  /** Holds on to nothing. Returns whether it did. */
  forget: () => boolean;
}

/** At most so many are kept. */
export function createSpares<T extends Reusable>(most: number): Spares<T> {
  // never shortened, which would copy it
  const spares: (T | undefined)[] = [];
  let count = 0;
  return {
    take: () => {
      if (count === 0) return undefined;
      count -= 1;
      const spare = spares[count];
      spares[count] = undefined;
      return spare;
    },
    giveBack: (spare) => {
      if (!spare.forget()) throw new DrainError('UNEXPECTED', 'something was given back twice');
      if (count === most) return;
      spares[count] = spare;
      count += 1;
    },
  };
}
