import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Document } from 'mongodb';
import type { RunResult } from '../../../src/contract.js';
import { decodeMark, encodeMark } from '../../../src/drain/commit-mark.js';
import { EMPTY_BOOKS } from '../../../src/drain/books.js';
import { assertBalanced } from '../../support/books.js';
import { commitAs, groupTool, joinAsForeigner, resetOffset } from '../../support/group.js';
import { orders } from '../../support/records.js';
import { assertDrained, untilAttemptFailed } from '../../support/runs.js';
import { createScenario, type Scenario } from '../../support/scenario.js';

const DAY_MS = 24 * 60 * 60 * 1000;

// Pipelines of their own on one worker, so that the tests can run side by side.
describe('a run after another', { concurrency: true }, () => {
  const opened: Scenario[] = [];
  const open = async (pipeline: Document = {}): Promise<Scenario> => {
    const [beside] = opened;
    const scenario = await createScenario({
      partitions: 2,
      pipeline,
      worker: { maxConcurrentDrains: 8 },
      ...(beside !== undefined && { beside }),
    });
    opened.push(scenario);
    return scenario;
  };
  let rewound: Scenario;
  let skipped: Scenario;
  let expired: Scenario;
  let deleted: Scenario;
  let grown: Scenario;
  let quiet: Scenario;
  let taken: Scenario;
  before(async () => {
    rewound = await open();
    skipped = await open();
    // With `latest` a group whose offsets are gone would begin at the end and lose what came in meanwhile.
    expired = await open({ start: 'latest' });
    deleted = await open();
    grown = await open({ start: 'latest' });
    quiet = await open();
    taken = await open();
    await rewound.startWorker();
  });
  after(async () => {
    for (const scenario of opened.reverse()) await scenario.close();
  });

  /** A first run over 20 records in each of two partitions. */
  const beginWith = async (scenario: Scenario): Promise<RunResult> => {
    await scenario.produce([...orders(20), ...orders(20, { first: 100, partition: 1 })]);
    return run(scenario);
  };
  const run = async (scenario: Scenario): Promise<RunResult> => {
    const result = await scenario.run();
    assertBalanced(result);
    return result;
  };
  const warnings = (result: RunResult): string[] => result.warnings.map(({ code }) => code);
  const starts = (result: RunResult): string[] => result.partitions.map(({ start }) => start);

  test('replays what an operator rewound to, and nothing changes in the documents', async () => {
    await beginWith(rewound);
    const before = await rewound.collection.find().sort({ _id: 1 }).toArray();
    await resetOffset(rewound, 0, 5);
    const replay = await run(rewound);
    assert.deepEqual([replay.stopReason, replay.continuity, replay.warnings], ['drained', 'replay', []]);
    assert.deepEqual(starts(replay), ['5', '20']);
    assert.deepEqual([replay.lagBefore, replay.records.read, replay.records.unchanged], [15, 15, 15]);
    assert.deepEqual(await rewound.collection.find().sort({ _id: 1 }).toArray(), before);
    await assertDrained(rewound);
    assert.equal((await run(rewound)).continuity, 'continuous');
  });

  test('notes a gap where somebody skipped ahead, and reads what is behind it', async () => {
    await beginWith(skipped);
    await skipped.produce(orders(10, { first: 50 }));
    await resetOffset(skipped, 0, 26);
    const result = await run(skipped);
    assert.deepEqual([result.continuity, result.records.inserted], ['gap', 4]);
    assert.deepEqual(warnings(result), ['COMMITTED_ELSEWHERE']);
    assert.match(String(result.warnings[0]?.message), new RegExp(`${skipped.topic}-0: .* from 20 to 26 `));
    assert.equal(await skipped.collection.countDocuments(), 44);
  });

  test('resumes where the previous run ended when the group’s offsets of a topic are gone', async () => {
    await expired.produce(orders(20));
    await run(expired);
    await expired.produce(orders(10, { first: 50 }));
    await groupTool(expired, '--delete-offsets', '--topic', expired.topic);
    assert.deepEqual(await expired.committed(), ['-1', '-1']);
    const result = await run(expired);
    assert.deepEqual(
      [result.stopReason, result.continuity, result.records.inserted],
      ['drained', 'resumed', 10],
    );
    assert.deepEqual(starts(result), ['20', '0']);
    assert.deepEqual(warnings(result), ['OFFSETS_EXPIRED', 'OFFSETS_EXPIRED']);
    assert.equal(await expired.collection.countDocuments(), 10);
  });

  test('resumes where the previous run ended when the whole group is gone, also with nothing to read', async () => {
    await beginWith(deleted);
    await groupTool(deleted, '--delete');
    const result = await run(deleted);
    assert.deepEqual([result.stopReason, result.continuity, result.records.read], ['drained', 'resumed', 0]);
    await assertDrained(deleted);
  });

  test('reads partitions that were added from their first record on, and warns that keys may have moved', async () => {
    await run(grown);
    await grown.admin.createPartitions({ topicPartitions: [{ topic: grown.topic, count: 4 }] });
    await grown.produce([...orders(8, { partition: 2 }), ...orders(3, { first: 50 })]);
    const result = await run(grown);
    assert.deepEqual(
      [result.stopReason, result.continuity, result.records.inserted],
      ['drained', 'continuous', 11],
    );
    assert.deepEqual(warnings(result), ['PARTITIONS_ADDED']);
    assert.match(String(result.warnings[0]?.message), /\(\S+-2, \S+-3\)/);
    assert.deepEqual(result.partitions.map(({ read }) => read), [3, 0, 8, 0]); // prettier-ignore
    await assertDrained(grown);
    assert.equal((await run(grown)).stopReason, 'nothing-to-do');
  });

  test('of a quiet group joins and commits again once its commits are a day old', async () => {
    await beginWith(quiet);
    const committedAt = async () => {
      const [topic] = await quiet.admin.fetchOffsets({ groupId: quiet.group, topics: [quiet.topic] });
      return (topic?.partitions ?? []).map(({ metadata }) => decodeMark(metadata ?? '')?.at ?? 'no mark');
    };
    const old = new Date(Date.now() - DAY_MS - 60_000).toISOString();
    const metadata = encodeMark({
      ...{
        run: 'of yesterday',
        attempt: 1,
        epoch: 1,
        rule: null,
        at: old,
        from: '0',
        lost: [],
        others: [],
        books: EMPTY_BOOKS,
      },
    });
    await commitAs(quiet, ...[0, 1].map((partition) => ({ partition, offset: 20n, metadata })));
    assert.deepEqual(await committedAt(), [old, old]);
    const before = new Date().toISOString();
    const recommit = await run(quiet);
    assert.deepEqual([recommit.stopReason, recommit.records.read, recommit.lagAfter], ['drained', 0, 0]);
    for (const at of await committedAt()) assert.ok(at >= before, `committed again at ${at}`);
    await assertDrained(quiet);
    const next = await run(quiet);
    assert.deepEqual([next.stopReason, next.continuity], ['nothing-to-do', 'continuous']);
  });

  test('waits while another consumer is in the group, naming it, and goes on when that one is gone', async () => {
    await taken.produce(orders(20));
    const foreigner = await joinAsForeigner(taken);
    const started = await taken.trigger();
    const failure = await untilAttemptFailed(started);
    assert.match(
      failure,
      new RegExp(`^GROUP_IN_USE: .*${taken.group} has other members: test on .*127\\.0\\.0\\.1`),
    );
    await foreigner.disconnect();
    const result = await started.result();
    assertBalanced(result);
    assert.deepEqual([result.stopReason, result.attempt, result.records.inserted], ['drained', 2, 20]);
    await assertDrained(taken);
  });
});
