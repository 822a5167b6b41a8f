import { DrainError, type ErrorCode } from './errors.js';

/** No single question of a command is waited for longer; the clients' own limits are below. */
const QUESTION_LIMIT_MS = 45_000;

/** The answer, or an error after the limit: a command never hangs. */
export async function within<T>(
  question: Promise<T>,
  what: string,
  code: ErrorCode,
  limitMs = QUESTION_LIMIT_MS,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new DrainError(code, `${what} didn't answer within ${limitMs / 1_000} s`);
    timer = setTimeout(() => reject(error), limitMs);
  });
  try {
    return await Promise.race([question, late]);
  } finally {
    clearTimeout(timer);
  }
}
