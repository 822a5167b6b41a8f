import { setTimeout as sleep } from 'node:timers/promises';
import type { Group } from './internals.js';
import {
  isConnectionError,
  isFence,
  isRebalance,
  isTimeout,
  isUnavailableCoordinator,
} from './kafka-errors.js';
import type { Commit, TopicPartition } from './source.js';

export const HEARTBEAT_INTERVAL_MS = 1_000;
const COMMIT_TRIES = 4;
const COMMIT_PAUSE_MS = 200;
/** With 3 KiB of metadata each still below what a broker takes as one batch of its log of commits (1 MiB by default). */
const PARTITIONS_PER_COMMIT = 250;

export interface PartitionCommit extends TopicPartition {
  commit: Commit;
}

/**
 * Commits under the group's present generation. Tries again on connection errors, since a commit can be repeated, as long
 * as `isCurrent`.
 */
export async function commitOffsets(
  group: Group,
  commits: readonly PartitionCommit[],
  isCurrent: () => boolean,
): Promise<void> {
  for (let from = 0; from < commits.length; from += PARTITIONS_PER_COMMIT)
    await commitTogether(group, commits.slice(from, from + PARTITIONS_PER_COMMIT), isCurrent);
}

async function commitTogether(
  group: Group,
  commits: readonly PartitionCommit[],
  isCurrent: () => boolean,
): Promise<void> {
  const topics = [...new Set(commits.map(({ topic }) => topic))].map((topic) => ({
    topic,
    partitions: commits.filter((commit) => commit.topic === topic).map(toCommit),
  }));
  for (let tries = 1; ; tries += 1) {
    try {
      await group.commitOffsets({ topics });
      return;
    } catch (error) {
      if (tries === COMMIT_TRIES || !mayRepeat(error)) throw error;
      await sleep(COMMIT_PAUSE_MS * tries);
      if (!isCurrent()) throw error;
    }
  }
}

function toCommit({ partition, commit: { offset, metadata } }: PartitionCommit) {
  return { partition, offset: String(offset), metadata };
}

function mayRepeat(error: unknown): boolean {
  // unanswered for 15 s, the member is out of its group
  if (isFence(error) || isRebalance(error) || isTimeout(error)) return false;
  return isConnectionError(error) || isUnavailableCoordinator(error);
}

/**
 * Heartbeats while a batch is in hand, until the returned function is called; kafkajs sends one after each fetch only. What they meet is
 * told to the queue of batches (`batch-queue.ts`), through the hook around every heartbeat.
 */
export function startHeartbeats(group: Group): () => void {
  const beat = (): void => {
    // A little less than the period, or every second one would come too early for kafkajs and be left out.
    group.heartbeat({ interval: HEARTBEAT_INTERVAL_MS * 0.9 }).catch(() => undefined);
  };
  // At once, too: of a fetch that brought many batches, each may take less than the period, and all of them more than a session.
  beat();
  const timer = setInterval(beat, HEARTBEAT_INTERVAL_MS);
  return () => clearInterval(timer);
}
