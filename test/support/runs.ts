import assert from 'node:assert/strict';
import { defaultPayloadConverter, type Payload, type ProtoFailure } from '@temporalio/common';
import type { DrainProgress, RunResult } from '../../src/contract.js';
import { assertBalanced } from './books.js';
import { assertEqualsFold, fold, readTopic } from './fold.js';
import type { Run, Scenario } from './scenario.js';
import { until } from './until.js';

export interface Orders {
  records: number;
  /** Distinct document ids; the rest are later versions of them. */
  ids?: number;
}

/** Produces small JSON records over all partitions, every tenth id deleted by its newest record if it has several. */
export async function produceOrders(scenario: Scenario, { records, ids = records }: Orders): Promise<void> {
  await scenario.produce(
    Array.from({ length: records }, (_, index) => {
      const id = index % ids;
      const isDeleted = id % 10 === 0 && index >= ids && index + ids >= records;
      return {
        key: `o-${String(id)}`,
        value: isDeleted ? null : JSON.stringify({ version: Math.floor(index / ids), amount: index / 4 }),
      };
    }),
  );
}

/** Everything produced so far is committed, and the collection equals the fold of the topic. */
export async function assertDrained(scenario: Scenario): Promise<void> {
  const ends = await scenario.admin.fetchTopicOffsets(scenario.topic);
  ends.sort((a, b) => a.partition - b.partition);
  assert.deepEqual(
    await scenario.committed(),
    ends.map(({ high }) => high),
    'committed are the ends',
  );
  const records = await readTopic(scenario.kafka, scenario.topic);
  await assertEqualsFold(scenario.collection, fold(scenario.topic, records));
}

/**
 * What a run that ended early says is true: books balance, read is what lies between the starts and the committed offsets,
 * and the collection equals the fold of just those records.
 */
export async function assertPartial(scenario: Scenario, result: RunResult): Promise<void> {
  assertBalanced(result);
  const committed = await scenario.committed();
  for (const { partition, start, committed: kept, read } of result.partitions) {
    assert.equal(kept ?? '-1', committed[partition], 'the result has what is committed');
    assert.equal(read, kept === null ? 0 : Number(kept) - Number(start), 'read is what was committed');
  }
  const ends = await scenario.admin.fetchTopicOffsets(scenario.topic);
  const lag = ends.reduce((sum, { partition, high }) => {
    return sum + Number(high) - Math.max(0, Number(committed[partition]));
  }, 0);
  assert.equal(result.lagAfter, lag, 'lagAfter is what is left');
  const records = await readTopic(scenario.kafka, scenario.topic);
  const done = records.filter(({ partition, offset }) => offset < BigInt(committed[partition] ?? '-1'));
  await assertEqualsFold(scenario.collection, fold(scenario.topic, done));
}

/** The drain activity as `describe` shows it while it runs or waits for its next attempt. */
export interface PendingDrain {
  attempt: number;
  /** Of the newest heartbeat. */
  progress: DrainProgress | null;
  /** Why the attempt before failed: `CODE: message`. */
  lastFailure: string | null;
}

export async function pendingDrain({ handle }: Run): Promise<PendingDrain | null> {
  const { raw } = await handle.describe();
  const pending = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'drainTopic');
  if (pending === undefined) return null;
  const { attempt, heartbeatDetails, lastFailure } = pending;
  return {
    attempt: attempt ?? 0,
    progress: progressIn(heartbeatDetails?.payloads ?? []),
    lastFailure: lastFailure == null ? null : textOf(lastFailure),
  };
}

function textOf({ message, applicationFailureInfo }: ProtoFailure): string {
  return `${applicationFailureInfo?.type ?? ''}: ${message ?? ''}`;
}

function progressIn([payload]: Payload[]): DrainProgress | null {
  return payload === undefined ? null : defaultPayloadConverter.fromPayload<DrainProgress>(payload);
}

/** Waits until the run's heartbeats satisfy the condition. */
export function untilProgress(
  run: Run,
  what: string,
  holds: (progress: DrainProgress) => boolean,
): Promise<DrainProgress> {
  return until(what, async () => {
    const progress = (await pendingDrain(run))?.progress ?? null;
    return progress !== null && holds(progress) ? progress : null;
  });
}

/** Waits until an attempt of the run's drain has failed, with the given code if any, and returns its `CODE: message`. */
export function untilAttemptFailed(run: Run, code = ''): Promise<string> {
  return until('an attempt to fail', async () => {
    const failure = (await pendingDrain(run))?.lastFailure ?? null;
    return failure?.startsWith(code) === true ? failure : null;
  });
}
