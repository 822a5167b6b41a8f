/** Runs one call after the other, in their order, whatever becomes of the one before. */
export function oneAtATime<Given extends unknown[], Result>(
  call: (...given: Given) => Promise<Result>,
): (...given: Given) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (...given) => {
    const turn = last.then(() => call(...given));
    // nothing of what it made is held until the next call
    last = turn.then(nothing, nothing);
    return turn;
  };
}

function nothing(): void {}
