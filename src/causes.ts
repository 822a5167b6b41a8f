/** Enough for every library; one that names itself as its cause ends here. */
const MAX_CAUSES = 10;

/** An error itself and everything it names as its cause, outermost first. Libraries' causes are not always an `Error`. */
export function causesOf<T extends { cause?: unknown }>(error: unknown): T[] {
  const chain: T[] = [];
  let current = error;
  while (typeof current === 'object' && current !== null && chain.length < MAX_CAUSES) {
    chain.push(current as T);
    current = (current as T).cause;
  }
  return chain;
}
