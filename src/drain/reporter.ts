import type { DrainProgress } from '../contract.js';
import type { WriteModel, WriteResult } from '../mongodb/sink.js';
import type { Token } from '../kafka/oauth-token.js';
import type { SchemaRef, SchemaSource } from '../registry/schemas.js';
import type { Books } from './books.js';
import type { LogLevel, ThreadMessage } from './thread-messages.js';

/** How the thread tells its supervisor what goes on. */
export interface Reporter {
  progress: (progress: () => DrainProgress) => void;
  /** Something happened that changes no number, such as a resend. */
  alive: () => void;
  /** Posts the newest progress, however soon after the one before: it is what remains of an attempt that fails. */
  last: () => void;
  counted: (books: Books) => void;
  log: (level: LogLevel, message: string) => void;
  /** A schema was fetched. */
  schema: (ref: SchemaRef, source: SchemaSource) => void;
  /** An access token was had; `null`: the one that was given is no good. */
  token: (token: Token | null) => void;
  /** Reports how long each write took. */
  timed: <Rest extends unknown[]>(
    write: (models: readonly WriteModel[], ...rest: Rest) => Promise<WriteResult>,
  ) => (models: readonly WriteModel[], ...rest: Rest) => Promise<WriteResult>;
}

/** Signs of life may come thousands a second; the supervisor needs a few. */
export const MIN_PERIOD_MS = 200;

export function createReporter(post: (message: ThreadMessage) => void): Reporter {
  let latest: (() => DrainProgress) | null = null;
  let postedMs = Number.NEGATIVE_INFINITY;
  const postNow = () => {
    if (latest === null) return;
    postedMs = performance.now();
    post({ kind: 'progress', progress: latest() });
  };
  const postLatest = () => {
    if (performance.now() - postedMs >= MIN_PERIOD_MS) postNow();
  };
  return {
    progress: (progress) => {
      latest = progress;
      postLatest();
    },
    alive: postLatest,
    last: postNow,
    counted: (books) => {
      post({ kind: 'counted', books });
    },
    log: (level, message) => {
      post({ kind: 'log', level, message });
    },
    schema: (ref, source) => {
      post({ kind: 'schema', ref, source });
    },
    token: (token) => {
      post({ kind: 'token', token });
    },
    timed:
      (write) =>
      async (models, ...rest) => {
        const startedMs = performance.now();
        const result = await write(models, ...rest);
        post({ kind: 'batch-written', durationMs: performance.now() - startedMs });
        return result;
      },
  };
}
