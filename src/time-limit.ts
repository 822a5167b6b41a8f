import { DrainError, type ErrorCode } from './errors.js';

/** No single question of a command is waited for longer; the clients' own limits are below. */
const QUESTION_LIMIT_MS = 45_000;

/**
 * Whether a server can be reached at all is known by then: `check` has to say so within 15 s, its own start included. Clients that can
 * tell more than that nobody answers do so after 10 s at most. It is a limit for reaching, not for all that is asked: many pipelines, or
 * many collections on a slow server, are no reason to call it unreachable.
 */
const REACH_LIMIT_MS = 11_000;

interface Limit {
  limitMs?: number;
  /** What to do, as the end of a sentence. */
  remedy?: string;
}

/** The answer, or an error after the limit: a command never hangs. */
export async function within<T>(
  question: Promise<T>,
  what: string,
  code: ErrorCode,
  { limitMs = QUESTION_LIMIT_MS, remedy }: Limit = {},
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const text = `${what} didn't answer within ${limitMs / 1_000} s`;
    const error = new DrainError(code, remedy === undefined ? text : `${text}: ${remedy}`);
    timer = setTimeout(() => reject(error), limitMs);
  });
  try {
    return await Promise.race([question, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The answer of a server that may not be there at all. */
export function reached<T>(question: Promise<T>, what: string, code: ErrorCode, remedy: string): Promise<T> {
  return within(question, what, code, { limitMs: REACH_LIMIT_MS, remedy });
}
