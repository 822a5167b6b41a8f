import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { STOP_UPDATE, type MemberResult, type RunResult } from '../../../src/contract.js';
import { unpackOutcome } from '../../../src/packed.js';
import { assertBalanced } from '../../support/books.js';
import { faultsOf, FAULTY_THREAD } from '../../support/faults.js';
import { drainsOf } from '../../support/history.js';
import { assertDrained, assertPartial, produceOrders } from '../../support/runs.js';
import { createScenario, RunFailed, type Scenario, type ScenarioOptions } from '../../support/scenario.js';
import { until } from '../../support/until.js';

const RECORDS = 8_000;
const SLOW = { batchRecords: 50, batchDelayMs: 100 };
/** Two workers have room for four members only together. */
const TWO_EACH: ScenarioOptions = { partitions: 8, worker: { maxConcurrentDrains: 2 } };

function membersOf({ members }: RunResult): MemberResult[] {
  assert.ok(members, 'the result tells of its members');
  return members;
}

function sumOf(members: readonly MemberResult[]): number {
  return members.reduce((sum, { read }) => sum + read, 0);
}

async function untilCommitted(scenario: Scenario): Promise<void> {
  await until('every member to commit', async () => {
    const committed = await scenario.committed();
    return committed.length === 8 && committed.every((offset) => Number(offset) > 0) ? true : null;
  });
}

describe('a run with four members, on two workers', { concurrency: true }, () => {
  const opened: Scenario[] = [];
  const open = async (options: ScenarioOptions): Promise<Scenario> => {
    const scenario = await createScenario({ ...TWO_EACH, ...options });
    opened.push(scenario);
    return scenario;
  };
  let shared: Scenario;
  let killed: Scenario;
  let stopped: Scenario;
  before(async () => {
    shared = await open({ pipeline: { members: 4 } });
    const limits = { heartbeatTimeout: '13s', stallTimeout: '12s' };
    killed = await open({ pipeline: { members: 4, limits } });
    stopped = await open({ pipeline: { members: 4 } });
  });
  after(async () => {
    for (const scenario of opened) await scenario.close();
  });

  test('is drained by both of them, each record once, each partition by the member whose share it is', async () => {
    faultsOf(shared).arm(SLOW);
    await shared.startWorker(FAULTY_THREAD);
    await shared.startWorker(FAULTY_THREAD);
    await produceOrders(shared, { records: RECORDS, ids: 2_000 });
    const run = await shared.trigger();
    const result = await run.result();
    assert.equal(result.stopReason, 'drained');
    assert.equal(result.records.read, RECORDS);
    assert.equal(result.lagAfter, 0);
    assertBalanced(result);
    await assertDrained(shared);

    const members = membersOf(result);
    assert.equal(sumOf(members), RECORDS);
    const drains = await drainsOf(run);
    assert.deepEqual(
      drains.map(({ activityId }) => activityId),
      [1, 2, 3, 4].map((member) => `drain-${shared.name}-${String(member)}`),
    );
    const byWorker = new Map<string, number>();
    for (const { worker, outcome } of drains) {
      assert.ok(outcome);
      byWorker.set(worker, (byWorker.get(worker) ?? 0) + outcome.records.read);
    }
    assert.deepEqual([...byWorker.values()].filter((read) => read > 0).length, 2, 'both have read');
    const own = drains.flatMap(({ outcome }) => (outcome === null ? [] : unpackOutcome(outcome).partitions));
    assert.equal(own.length, 8);
    assert.deepEqual(
      new Set(own.map(({ partition }) => partition)).size,
      8,
      'nobody has a partition of another',
    );
    assert.equal((await shared.run()).stopReason, 'nothing-to-do');
  });

  test('one of them killed: its members go on with the other one, and the books are exact', async () => {
    // So slow that no member can end before all of them are under way.
    faultsOf(killed).arm({ batchRecords: 50, batchDelayMs: 400 });
    await produceOrders(killed, { records: RECORDS, ids: 2_000 });
    const victim = await killed.startWorker(FAULTY_THREAD);
    await killed.startWorker(FAULTY_THREAD);
    const run = await killed.trigger();
    await untilCommitted(killed);
    await victim.kill('SIGKILL');
    faultsOf(killed).arm({});
    const result = await run.result();
    assert.equal(result.stopReason, 'drained');
    assert.equal(result.attempt, 2);
    assert.equal(result.resumed, true);
    assert.equal(result.records.read, RECORDS);
    assertBalanced(result);
    await assertDrained(killed);
    const attempts = membersOf(result).map((member) => ('attempt' in member ? member.attempt : null));
    assert.deepEqual(attempts.sort(), [1, 1, 2, 2], 'only those of the dead one began again');
  });

  test('stopped by its operator: all members end politely, and the result is what they committed', async () => {
    faultsOf(stopped).arm(SLOW);
    await stopped.startWorker(FAULTY_THREAD);
    await stopped.startWorker(FAULTY_THREAD);
    await produceOrders(stopped, { records: 2 * RECORDS });
    const run = await stopped.trigger();
    await untilCommitted(stopped);
    const answer = await run.handle.executeUpdate<RunResult, []>(STOP_UPDATE);
    const result = await run.result();
    assert.deepEqual(answer, result);
    assert.equal(result.stopReason, 'stopped');
    assert.ok(result.records.read > 0 && result.lagAfter > 0);
    assert.equal(sumOf(membersOf(result)), result.records.read);
    await assertPartial(stopped, result);
    faultsOf(stopped).arm({});
    const rest = await stopped.run();
    assert.equal(rest.continuity, 'continuous');
    assert.equal(rest.records.read, 2 * RECORDS - result.records.read);
    await assertDrained(stopped);
  });
});

describe('a run one of whose members fails for good', () => {
  const PARTITIONS = 4;
  let scenario: Scenario;
  let committed: number[];
  before(async () => {
    scenario = await createScenario({
      partitions: PARTITIONS,
      pipeline: { members: 2, deadLetters: { tolerate: 'none' } },
    });
  });
  after(() => scenario.close());

  const countOf = (offsets: readonly number[]) => offsets.reduce((sum, offset) => sum + offset, 0);

  test('fails with its code and names it; the other one ends, and what it committed is kept', async () => {
    const worker = await scenario.startWorker();
    await produceOrders(scenario, { records: 1_000 });
    // Without a key there is no document id.
    await scenario.produce([{ key: null, value: '{}', partition: 3 }]);
    const failure: unknown = await scenario.run().catch((error: unknown) => error);
    assert.ok(failure instanceof RunFailed, String(failure));
    assert.equal(failure.code, 'BAD_RECORD');
    const [, named] = /: member (\d) of 2: /.exec(failure.message) ?? assert.fail(failure.message);
    const [{ members }] = failure.details as [{ members: MemberResult[] }];
    const bad = members.find((member) => 'code' in member);
    const good = members.find((member) => 'stopReason' in member);
    assert.ok(bad !== undefined && good !== undefined, JSON.stringify(members));
    assert.equal(String(bad.member), named);
    assert.equal(bad.code, 'BAD_RECORD');
    assert.equal(good.stopReason, 'drained');
    assert.equal(good.partitions, 2);
    committed = (await scenario.committed()).map((offset) => Math.max(0, Number(offset)));
    const ends = await scenario.admin.fetchTopicOffsets(scenario.topic);
    const drained = ends.filter(({ partition, high }) => Number(high) === committed[partition]);
    assert.equal(drained.length >= 2, true, 'the share of the other one is committed to its end');
    assert.ok(good.read > 0 && good.read + bad.read === countOf(committed));
    await worker.kill('SIGTERM');
  });

  test('and the next run goes on where each of them stood', async () => {
    await scenario.configure({ deadLetters: { tolerate: 'all' } });
    await scenario.startWorker();
    const result = await scenario.run();
    assert.equal(result.records.read, 1_001 - countOf(committed));
    assert.equal(result.records.deadLettered, 1);
    assertBalanced(result);
    await assertDrained(scenario);
  });
});
