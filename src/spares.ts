/**
 * Objects that are used again: what is made for each record lives as long as its batch, so that the garbage collector copies it twice, and
 * then has the old generation to collect.
 */
export interface Spares<T> {
  /** One that somebody is done with, whatever is in it; `undefined`: there is none. */
  take: () => T | undefined;
  /** Nobody reads it any more. */
  giveBack: (spare: T) => void;
}

/** At most so many are kept. */
export function createSpares<T>(most: number): Spares<T> {
  // never shortened, which would copy it
  const spares: T[] = [];
  let count = 0;
  return {
    take: () => {
      if (count === 0) return undefined;
      count -= 1;
      return spares[count];
    },
    giveBack: (spare) => {
      if (count === most) return;
      spares[count] = spare;
      count += 1;
    },
  };
}
