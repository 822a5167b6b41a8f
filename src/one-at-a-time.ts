/** Runs one call after the other, in their order, whatever becomes of the one before. */
export function oneAtATime<Given extends unknown[], Result>(
  call: (...given: Given) => Promise<Result>,
): (...given: Given) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (...given) => {
    const turn = last.then(() => call(...given));
    last = turn.catch(() => undefined);
    return turn;
  };
}
