import { setTimeout as sleep } from 'node:timers/promises';

const PERIOD_MS = 50;
/** Only bounds a wait that would never end: slow machines may take long. */
const LIMIT_MS = 120_000;

/** Asks again and again until the answer is neither null nor an error, and returns it; names what it waited for when it gives up. */
export async function until<T>(what: string, ask: () => Promise<T | null>, limitMs = LIMIT_MS): Promise<T> {
  const startedMs = performance.now();
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (performance.now() - startedMs > limitMs) throw new Error(`waited too long for ${what}`);
    await sleep(PERIOD_MS);
  }
}
