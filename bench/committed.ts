import { setTimeout as sleep } from 'node:timers/promises';
import type { Task } from './program.js';

const PERIOD_MS = 250;
const DRAINS_WITHIN_MS = 600_000;

/** How a program that doesn't end is known to be done: its group has committed so much in each partition. `look` throws where it has failed. */
export async function untilCommitted(
  { group, committed }: Pick<Task, 'group' | 'committed'>,
  wanted: readonly number[],
  look: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const deadline = performance.now() + DRAINS_WITHIN_MS;
  while (performance.now() < deadline) {
    await sleep(PERIOD_MS);
    const offsets = await committed(group);
    if (wanted.every((offset, partition) => (offsets[partition] ?? 0) >= offset)) return;
    await look();
  }
  throw new Error(`not drained within ${String(DRAINS_WITHIN_MS / 1_000)} s`);
}
