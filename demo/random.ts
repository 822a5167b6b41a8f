/** Numbers that look random but are the same at every start for the same seed (mulberry32). */
export interface Random {
  /** A whole number from 0 to `below` - 1. */
  whole: (below: number) => number;
  /** One of the choices; throws if there is none. */
  pick: <T>(choices: readonly T[]) => T;
}

/** Makes a generator; neighbouring seeds give unrelated sequences. */
export function createRandom(seed: number): Random {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  const whole = (below: number): number => Math.floor(next() * below);
  return {
    whole,
    pick: (choices) => {
      const choice = choices[whole(choices.length)];
      if (choice === undefined) throw new Error('nothing to pick from');
      return choice;
    },
  };
}
