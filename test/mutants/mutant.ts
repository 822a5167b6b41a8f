/** One place of the compiled code that a mutant changes. The text to find must be there exactly once. */
export interface Edit {
  /** Below `dist/src`, without `.js`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A bug that can be switched on in a copy of the compiled code, and the tests that must notice. */
export interface Mutant {
  readonly name: string;
  /** Of the list "bugs to plant", in its words; `null`: a further one. */
  readonly bug: PlantedBug | null;
  readonly edits: readonly Edit[];
  /** Test files below `dist/test`, without `.test.js`: the cheapest that catch it. */
  readonly tests: readonly string[];
  /** Only tests whose title matches, where running the whole file would take long. */
  readonly only?: string;
  /** The tests need Kafka, MongoDB or Temporal. */
  readonly servers?: true;
}

/** What every version of the tests must notice, in the words in which it was asked for. */
export const PLANTED_BUGS = [
  'commit before write',
  'commit last instead of last+1',
  'commit last+2',
  'unguarded replace',
  'duplicate-key error read as stale',
  'hard delete',
  'unordered without coalescing',
  'coalescing by arrival instead of version',
  'index of writeErrors trusted after a network error',
  'dead-letter on network error',
  'dead letters after commit',
  'write-concern error ignored',
  'failed commit swallowed',
  'jump to latest on out-of-range',
  'wall-clock deadline',
  'heartbeat from a timer although the drain hangs',
] as const;

export type PlantedBug = (typeof PLANTED_BUGS)[number];
