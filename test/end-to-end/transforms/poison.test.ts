import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Document } from 'mongodb';
import type { DrainProgress, RunResult } from '../../../src/contract.js';
import { assertBalanced } from '../../support/books.js';
import { untilAttemptFailed } from '../../support/runs.js';
import { createScenario, RunFailed, type Scenario, type WorkerChild } from '../../support/scenario.js';

/** What a record asks for is what its transform does. */
const TRANSFORM = `
export const transform = ({ value }) => {
  const { does, ...document } = value;
  if (does === 'loop') for (;;);
  if (does === 'eat-heap') for (const eaten = []; ; ) eaten.push(Array.from({ length: 10_000 }, (_, index) => ({ index })));
  if (does === 'never-settle') return new Promise(() => undefined);
  if (does === 'reject-elsewhere') {
    Promise.reject(new Error('a secret'));
    return new Promise(() => undefined);
  }
  if (does === 'throw') throw new TypeError('a secret');
  if (does === 'skip') return null;
  return does === 'wait' ? Promise.resolve({ ...document, waited: true }) : { ...document, transformed: true };
};
`;
/** Enough for a slow machine to start a thread for each of the pipelines at once. */
const LIMITS = { budget: '40s', startToClose: '60s', stallTimeout: '8s', heartbeatTimeout: '60s' };
const RECORDS = 300;
/** In the middle of a batch, with records before and behind. */
const POISON_AT = 150;

const recordsWith = (...does: string[]) =>
  Array.from({ length: RECORDS }, (_, index) => ({
    key: `o-${String(index)}`,
    value: JSON.stringify({ index, does: does[index - POISON_AT] ?? 'nothing' }),
    partition: 0,
  }));

// Several pipelines on one worker: no transform must hurt the others.
describe('a transform that', { concurrency: true }, () => {
  let first: Scenario;
  let worker: WorkerChild;
  const scenarios: Scenario[] = [];
  const open = async (pipeline: Document = {}) => {
    const own = { transform: './transform.mjs', limits: LIMITS, ...pipeline };
    const scenario = await createScenario({ beside: first, pipeline: own });
    scenarios.push(scenario);
    return scenario;
  };
  let plain: Scenario;
  let looping: Scenario;
  let hungry: Scenario;
  let unsettled: Scenario;
  let careless: Scenario;
  let strict: Scenario;
  let twice: Scenario;
  before(async () => {
    first = await createScenario({ worker: { maxConcurrentDrains: 8, threadHeapMb: 96 } });
    writeFileSync(join(dirname(first.configurationFile), 'transform.mjs'), TRANSFORM);
    plain = await open();
    looping = await open();
    // Collecting garbage to the very end takes a busy machine long.
    hungry = await open({ limits: { ...LIMITS, startToClose: '110s', stallTimeout: '50s' } });
    // The other partitions go on being fetched.
    unsettled = await open({ until: 'idle', limits: { ...LIMITS, idleTimeout: '3s' } });
    careless = await open();
    strict = await open({ deadLetters: { tolerate: 'none' } });
    twice = await open();
    worker = await first.startWorker();
  });
  after(async () => {
    for (const scenario of scenarios) await scenario.close();
    await first.close();
  });

  const lettersOf = async ({ deadLetters }: Scenario) => {
    const letters = await deadLetters.find().toArray();
    return letters.map(({ offset, stage, code }) => `${String(offset)} ${String(stage)} ${String(code)}`);
  };

  /** The third attempt gets past the record; all the others are written, and the books are exact. */
  const survive = async (scenario: Scenario, does: string, code: RegExp): Promise<RunResult> => {
    await scenario.produce(recordsWith(does));
    const run = await scenario.trigger();
    const failure = await untilAttemptFailed(run);
    assert.match(failure, code);
    assert.match(failure, new RegExp(`${scenario.topic}-0 offset ${String(POISON_AT)}`));
    const result = await run.result();
    assert.equal(result.attempt, 3);
    const { read, inserted, deadLettered } = result.records;
    assert.deepEqual([read, inserted, deadLettered], [RECORDS, RECORDS - 1, 1]);
    assertBalanced(result);
    assert.deepEqual(await lettersOf(scenario), [`${String(POISON_AT)} transform KILLED_DRAIN`]);
    assert.equal(await scenario.collection.countDocuments({ transformed: true }), RECORDS - 1);
    assert.equal(worker.process.exitCode, null, 'the worker lives on');
    return result;
  };

  test('loops for ever at a record ends two attempts, then the record is a dead letter', async () => {
    await survive(looping, 'loop', /^THREAD_SILENT: /);
  });

  test('eats the heap at a record ends two attempts, then the record is a dead letter', async () => {
    await survive(hungry, 'eat-heap', /^THREAD_OUT_OF_MEMORY: /);
  });

  test('never settles at a record ends two attempts, then the record is a dead letter', async () => {
    await survive(unsettled, 'never-settle', /^TRANSFORM_SILENT: .* did not settle within 8 s/);
  });

  test('leaves a rejection to itself ends two attempts, and tells nothing of its message', async () => {
    await survive(careless, 'reject-elsewhere', /^THREAD_FAILED: .* \(Error\)/);
    assert.doesNotMatch(worker.log(), /a secret/);
  });

  test('is not tolerated fails the run at that record, everything before it committed', async () => {
    await strict.produce(recordsWith('never-settle'));
    const run = await strict.trigger();
    await assert.rejects(run.result(), (error) => {
      assert.ok(error instanceof RunFailed);
      assert.equal(error.code, 'BAD_RECORD');
      assert.match(error.message, new RegExp(`-0 offset ${String(POISON_AT)}: .*KILLED_DRAIN`));
      return true;
    });
    assert.deepEqual(await strict.committed(), [String(POISON_AT), '0', '0']);
    assert.equal(await strict.collection.countDocuments(), POISON_AT);
    assert.deepEqual(await lettersOf(strict), []);
  });

  test('meets a second such record behind the first is past the first for good', async () => {
    await twice.produce(recordsWith('never-settle', 'nothing', 'never-settle'));
    await assert.rejects((await twice.trigger()).result(), (error) => {
      assert.ok(error instanceof RunFailed);
      assert.match(error.code, /^(TRANSFORM|THREAD)_SILENT$/);
      const [progress] = error.details as [DrainProgress];
      assert.deepEqual(
        progress.suspects?.map(({ offset, kills }) => [offset, kills]),
        [
          [String(POISON_AT), 2],
          [String(POISON_AT + 2), 1],
        ],
      );
      return true;
    });
    assert.deepEqual(await twice.committed(), [String(POISON_AT + 1), '0', '0']);
    assert.deepEqual(await lettersOf(twice), [`${String(POISON_AT)} transform KILLED_DRAIN`]);
  });

  test('throws, skips or waits makes dead letters, skipped records and documents', async () => {
    await plain.produce(recordsWith('throw', 'skip', 'wait'));
    const result = await plain.run();
    const { inserted, skipped, deadLettered } = result.records;
    assert.deepEqual([inserted, skipped, deadLettered], [RECORDS - 2, 1, 1]);
    assertBalanced(result);
    assert.deepEqual(await lettersOf(plain), [`${String(POISON_AT)} transform TRANSFORM_FAILED`]);
    const [letter] = await plain.deadLetters.find().toArray();
    assert.equal(letter?.['reason'], 'the transform threw TypeError');
    assert.equal(await plain.collection.countDocuments({ transformed: true }), RECORDS - 3);
    assert.equal(await plain.collection.countDocuments({ waited: true }), 1);
  });
});
