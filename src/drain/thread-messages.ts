import type { Connections, TransformSettings } from '../config/settings.js';
import type { DrainOutcome, DrainProgress, Suspect } from '../contract.js';
import type { ErrorData } from '../errors.js';
import type { Token } from '../kafka/oauth-token.js';
import type { SchemaRef, SchemaSource } from '../registry/schemas.js';
import type { AskedStop, DrainTask } from './attempt.js';
import type { Books } from './books.js';

/** What a drain thread is started with (the first message of each run). Stays in memory: secrets never go through Temporal. */
export interface ThreadInput extends Connections {
  /** For OAUTHBEARER: one that the worker has already. */
  token: Token | null;
  /** Those that earlier runs of this worker have fetched. */
  schemas: readonly (readonly [SchemaRef, SchemaSource])[];
  task: DrainTask;
  /** `null`: the pipeline has no transform. */
  transform: TransformInput | null;
}

export interface TransformInput {
  settings: TransformSettings;
  /** Where it notes the calls under way, one place for each of `partitions`. */
  calls: SharedArrayBuffer;
  partitions: string[];
  /** Of earlier attempts of the run. */
  suspects: Suspect[];
}

/** What the thread tells its supervisor. Every message is a sign of life. */
export type ThreadMessage =
  | { kind: 'progress'; progress: DrainProgress }
  /** Never record contents, never secrets. */
  | { kind: 'log'; level: LogLevel; message: string }
  | { kind: 'batch-written'; durationMs: number }
  /** What a commit has added to the books. */
  | { kind: 'counted'; books: Books }
  /** Fetched from the registry: later runs needn't ask again. */
  | { kind: 'schema'; ref: SchemaRef; source: SchemaSource }
  /** Had from the token endpoint: later runs needn't ask again; `null`: the one that was given is no good. */
  | { kind: 'token'; token: Token | null }
  | { kind: 'done'; outcome: DrainOutcome }
  | { kind: 'failed'; error: ErrorData };

/** Said after `done`, to whoever keeps threads: nothing of the run keeps the thread alive, which may be started again. */
export interface Rested {
  kind: 'rested';
}

/** What the supervisor tells the thread: what to drain, and later perhaps to end politely. */
export type SupervisorMessage = { kind: 'start'; input: ThreadInput } | { kind: 'stop'; reason: AskedStop };

export type LogLevel = 'warn' | 'error';
