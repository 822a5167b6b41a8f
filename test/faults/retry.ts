import { until } from '../support/until.js';

const LIMIT_MS = 180_000;

/** Asks again until there is no error, since servers come and go here; the last error is told when it gives up. */
export async function patiently<T>(what: string, ask: () => Promise<T>): Promise<T> {
  let last: unknown;
  const attempt = async (): Promise<{ answer: T } | null> => {
    try {
      return { answer: await ask() };
    } catch (error) {
      last = error;
      return null;
    }
  };
  const answered = await until(what, attempt, LIMIT_MS).catch(() => null);
  if (answered === null) throw new Error(`waited too long for ${what}: ${String(last)}`, { cause: last });
  return answered.answer;
}
