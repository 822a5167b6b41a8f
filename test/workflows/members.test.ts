import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/common';
import { NO_RECORDS, type PlannedPartition, type StopReason } from '../../src/contract.js';
import { unpackPlan, packPlan } from '../../src/packed.js';
import { runFailure } from '../../src/workflows/failure.js';
import { planMarkdown, resultMarkdown } from '../../src/workflows/markdown.js';
import { combined, memberResult, membersFailure, type MemberEnd } from '../../src/workflows/members.js';
import { resultOf, shouldCatchUp } from '../../src/workflows/result.js';
import { sharesOf, type Share } from '../../src/workflows/shares.js';
import { assertBalanced } from '../support/books.js';
import { ENDED, outcome, partition, plan, STARTED } from './builders.js';

/** One partition for each of the lags, in the order of their numbers. */
function planned(...lags: number[]): PlannedPartition[] {
  return lags.map((lag, index) => {
    return { topic: 'orders', partition: index, start: '5', end: String(5 + lag), committed: '5' };
  });
}

function sharesIn(members: number, ...lags: number[]): number[][] {
  const shares = sharesOf(plan({ partitions: planned(...lags), members }), members);
  return shares.map((share) => share.plan.partitions.map((own) => own.partition));
}

describe('the shares of several members', () => {
  test('balance the planned records, the largest partition first', () => {
    assert.deepEqual(sharesIn(2, 10, 90, 40, 50), [
      [0, 1],
      [2, 3],
    ]);
    assert.deepEqual(sharesIn(3, 100, 1, 1, 1), [[0], [1, 3], [2]]);
  });

  test('give partitions without planned records by number', () => {
    assert.deepEqual(sharesIn(2, 0, 0, 0, 0), [
      [0, 2],
      [1, 3],
    ]);
    assert.deepEqual(sharesIn(2, 1_000, 0, 0, 0), [
      [0, 2],
      [1, 3],
    ]);
  });

  test('have every partition exactly once, and all members have work where there is enough', () => {
    const lags = Array.from({ length: 100 }, (_, index) => (index * 7919) % 101);
    for (const members of [2, 3, 16]) {
      const shares = sharesIn(members, ...lags);
      assert.deepEqual(
        shares.flat().sort((a, b) => a - b),
        lags.map((_, index) => index),
      );
      const sums = shares.map((share) => share.reduce((sum, index) => sum + (lags[index] ?? 0), 0));
      assert.ok(Math.max(...sums) - Math.min(...sums) <= 101, sums.join(', '));
    }
  });

  test('are plans of their own: lag and lost ranges of their partitions, no warnings', () => {
    const whole = plan({
      partitions: planned(10, 20),
      members: 2,
      warnings: [{ code: 'TOPIC_GONE', message: 'gone' }],
      lost: [{ topic: 'orders', partition: 0, from: '1', to: '5' }],
    });
    const [first, second] = sharesOf(whole, 2).map((share) => share.plan);
    assert.equal(first?.lagBefore, 20);
    assert.equal(second?.lagBefore, 10);
    assert.deepEqual([first.lost, second.lost], [[], whole.lost]);
    assert.deepEqual([first.warnings, second.warnings], [[], []]);
  });

  test('are packed in history where those of all members together are many', () => {
    const whole = plan({ partitions: planned(...Array.from({ length: 102 }, () => 3)), members: 3 });
    const [, share] = sharesOf(whole, 3);
    assert.ok(share);
    const packed = packPlan(share.plan, 3);
    assert.equal(typeof packed.partitions[0], 'string');
    assert.deepEqual(unpackPlan(packed), share.plan);
  });
});

const whole = plan({ partitions: planned(40, 60), members: 2, lagBefore: 100 });
const [ONE, TWO] = sharesOf(whole, 2);
assert.ok(ONE !== undefined && TWO !== undefined);

/** What the member of partition 1 (60 records) did, and the member of partition 0. */
const firstDone = (stopReason: StopReason = 'drained', attempt = 1) => ({
  share: ONE,
  outcome: outcome({
    ...{ stopReason, attempt, resumed: attempt > 1, lagAfter: 1, bytes: 600 },
    records: { ...NO_RECORDS, read: 60, inserted: 60 },
    topics: [{ topic: 'orders', read: 60, lagAfter: 1 }],
    partitions: [partition({ partition: 1, end: '65', committed: '65', read: 60 })],
  }),
});
const secondDone = (stopReason: StopReason = 'drained') => ({
  share: TWO,
  outcome: outcome({
    ...{ stopReason, attempt: 1, resumed: false, lagAfter: 20, bytes: 200 },
    records: { ...NO_RECORDS, read: 20, updated: 19, deadLettered: 1 },
    topics: [{ topic: 'orders', read: 20, lagAfter: 20 }],
    partitions: [partition({ partition: 0, end: '45', committed: '25', read: 20 })],
  }),
});

describe('what several members did together', () => {
  test('is the sum of what they did, and the partitions in the order of the plan', () => {
    const together = combined(whole, [firstDone('drained', 2), secondDone('budget')]);
    const result = resultOf(whole, together, STARTED, ENDED);
    assertBalanced(result);
    assert.equal(result.records.read, 80);
    assert.equal(result.bytes, 800);
    assert.equal(result.lagAfter, 21);
    assert.deepEqual(
      result.topics.map(({ read, lagBefore, lagAfter }) => [read, lagBefore, lagAfter]),
      [[80, 100, 21]],
    );
    assert.equal(result.attempt, 2);
    assert.equal(result.resumed, true);
    assert.deepEqual(
      result.partitions.map((listed) => [listed.partition, listed.read]),
      [
        [0, 20],
        [1, 60],
      ],
    );
  });

  test('ended for the reason that kept a member from its end', () => {
    const reason = (one: StopReason, other: StopReason) =>
      combined(whole, [firstDone(one), secondDone(other)]).stopReason;
    assert.equal(reason('drained', 'drained'), 'drained');
    assert.equal(reason('idle', 'idle'), 'idle');
    assert.equal(reason('drained', 'budget'), 'budget');
    assert.equal(reason('shutdown', 'budget'), 'shutdown');
    assert.equal(reason('stopped', 'shutdown'), 'stopped');
    assert.equal(reason('drained', 'stopped'), 'stopped');
  });

  test('is followed by another run where one was out of time, not where all came to their ends', () => {
    assert.equal(shouldCatchUp(whole, combined(whole, [firstDone(), secondDone('budget')])), true);
    assert.equal(shouldCatchUp(whole, combined(whole, [firstDone(), secondDone('stopped')])), false);
  });

  test('is told member by member, in the result and in the details of the Web UI', () => {
    const ends = [firstDone('drained', 2), secondDone('budget')];
    const members = ends.map(memberResult);
    assert.deepEqual(members, [
      { member: 1, stopReason: 'drained', attempt: 2, partitions: 1, read: 60 },
      { member: 2, stopReason: 'budget', attempt: 1, partitions: 1, read: 20 },
    ]);
    const result = resultOf(whole, { ...combined(whole, ends), members }, STARTED, ENDED);
    assert.deepEqual(result.members, members);
    assert.equal(Object.keys(result).at(-1), 'partitions');
    assert.match(resultMarkdown(result), /^- member 2: \*\*budget\*\*, attempt 1, read 20 of 1 partitions$/m);
    assert.match(planMarkdown(whole), /^- plan: 100 records in 2 partitions for 2 members, /m);
  });

  test('has no members in it where one drain had all', () => {
    const result = resultOf(plan(), outcome(), STARTED, ENDED);
    assert.equal('members' in result, false);
    assert.doesNotMatch(planMarkdown(plan()), /member/);
  });
});

function drainFailure(cause: Error): ActivityFailure {
  const state = ['drainTopic', 'drain-orders-2', 'MAXIMUM_ATTEMPTS_REACHED', 'worker', cause] as const;
  return new ActivityFailure('Activity task failed', ...state);
}

function failed(cause: Error, share: Share | undefined = TWO): MemberEnd {
  assert.ok(share);
  return { share, failure: runFailure(drainFailure(cause)) };
}

const REFUSED = ApplicationFailure.create({
  message: 'orders-0 offset 7: no JSON.',
  type: 'BAD_RECORD',
  nonRetryable: true,
  details: [{ read: 2 }],
});

describe('a run one of whose members failed for good', () => {
  const ends = [firstDone(), failed(REFUSED)];
  const failure = membersFailure(ends, ends.map(memberResult));

  test("fails with that member's code, and names it", () => {
    assert.equal(failure.type, 'BAD_RECORD');
    assert.equal(failure.nonRetryable, true);
    assert.equal(failure.message, 'member 2 of 2: orders-0 offset 7: no JSON. Member 1: drained, read 60.');
  });

  test('has in its details how each of them ended', () => {
    assert.deepEqual(failure.details, [
      {
        members: [
          { member: 1, stopReason: 'drained', attempt: 1, partitions: 1, read: 60 },
          { member: 2, code: 'BAD_RECORD', partitions: 1, read: 2, message: 'orders-0 offset 7: no JSON.' },
        ],
      },
    ]);
  });

  test('names the others that failed, too', () => {
    const gone = failed(new TimeoutFailure('timed out', { read: 3 }, 'HEARTBEAT'));
    const both = [failed(REFUSED, ONE), gone];
    const { message, type, details } = membersFailure(both, both.map(memberResult));
    assert.equal(type, 'BAD_RECORD');
    assert.match(message, /^member 1 of 2: .* Member 2 failed, too: TIMED_OUT\.$/);
    const [{ members }] = details as [{ members: { read: number }[] }];
    assert.deepEqual(
      members.map(({ read }) => read),
      [2, 3],
    );
  });
});
