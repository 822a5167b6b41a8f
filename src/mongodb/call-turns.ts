/** After so many calls that nothing was beside, the next one isn't expected to have company either. */
const ALONE_BEFORE = 3;

/** Whether calls come one by one, as the batches of a single partition do: each is written before the next one begins. */
export interface CallTurns {
  /** Whether this call will be the only one under way, as far as those before it tell. Each that has begun must end. */
  begin: () => boolean;
  end: () => void;
}

export function createCallTurns(): CallTurns {
  let underWay = 0;
  let alone = 0;
  return {
    begin: () => {
      alone = underWay === 0 ? alone + 1 : 0;
      underWay += 1;
      return alone > ALONE_BEFORE;
    },
    end: () => {
      underWay -= 1;
    },
  };
}
