/** The invariants of docs/reliability.md. */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8' | 'I9';

/** A broken invariant, with the coordinates of the first record, document or run that shows it. */
export interface Violation {
  invariant: Invariant;
  text: string;
}

export function violation(invariant: Invariant, text: string): Violation {
  return { invariant, text };
}
