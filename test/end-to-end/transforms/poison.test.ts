import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Document } from 'mongodb';
import type { DrainProgress, RunResult } from '../../../src/contract.js';
import { assertBalanced } from '../../support/books.js';
import { pendingDrain, untilAttemptFailed } from '../../support/runs.js';
import { createScenario, RunFailed, type Run, type Scenario } from '../../support/scenario.js';
import type { WorkerChild } from '../../support/worker-child.js';
import { until } from '../../support/until.js';

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
  if (does === 'dawdle') return new Promise((resolve) => setTimeout(resolve, 100, { ...document, transformed: true }));
  if (does === 'outage') throw Object.assign(new Error('a secret'), { retryable: true });
  return does === 'wait' ? Promise.resolve({ ...document, waited: true, absent: undefined }) : { ...document, transformed: true };
};
`;
/** Enough for a slow machine to start a thread among others, some of which loop: that has taken 12 s. */
const LIMITS = { budget: '80s', startToClose: '100s', stallTimeout: '25s', heartbeatTimeout: '60s' };
/** Which of the two depends on whether another partition gives signs of life meanwhile. */
const EITHER_SILENT = /^(TRANSFORM|THREAD)_SILENT: /;
const RECORDS = 300;
const ATTEMPTS = 3;
/** In the middle of a batch, with records before and behind. */
const POISON_AT = 150;

const recordsWith = (...does: string[]) =>
  Array.from({ length: RECORDS }, (_, index) => ({
    key: `o-${String(index)}`,
    value: JSON.stringify({ index, does: does[index - POISON_AT] ?? 'nothing' }),
    partition: 0,
  }));

/** What ends an attempt that nobody has killed on purpose: Temporal lost its task, or a slow machine needed too long to start its thread. */
const LOST = ['TIMED_OUT', 'THREAD_SILENT'];

/** Whether a run failed because an attempt was lost, before a third one came to the record that had killed the others. */
function hasLostAttempt(error: unknown): boolean {
  if (!(error instanceof RunFailed) || !LOST.includes(error.code)) return false;
  const [progress] = error.details as [DrainProgress?];
  const kills = progress?.suspects?.[0]?.kills ?? 0;
  return kills < ATTEMPTS;
}

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
  let slow: Scenario;
  let cutOff: Scenario;
  before(async () => {
    first = await createScenario({ worker: { maxConcurrentDrains: 8, threadHeapMb: 96 } });
    writeFileSync(join(dirname(first.configurationFile), 'transform.mjs'), TRANSFORM);
    plain = await open();
    looping = await open();
    // Collecting garbage to the very end takes a busy machine long.
    hungry = await open({ limits: { ...LIMITS, startToClose: '120s', stallTimeout: '50s' } });
    // The other partitions go on being fetched.
    unsettled = await open({ until: 'idle', limits: { ...LIMITS, idleTimeout: '3s' } });
    careless = await open();
    strict = await open({ deadLetters: { tolerate: 'none' } });
    twice = await open();
    slow = await open({ limits: { ...LIMITS, budget: '4s' } });
    cutOff = await open();
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

  let starting: Promise<unknown> = Promise.resolve();
  /** Triggers a run when the one before has its thread: all at once take a slow machine longer than the stall timeout. */
  const start = (scenario: Scenario): Promise<Run> => {
    const started = starting.then(async () => {
      const run = await scenario.trigger();
      await until('its thread to be there', async () => {
        if ((await run.handle.describe()).status.name !== 'RUNNING') return true;
        const phase = (await pendingDrain(run))?.progress?.phase ?? 'starting';
        return phase !== 'starting' || null;
      });
      return run;
    });
    starting = started.catch(() => undefined);
    return started;
  };

  /** The first run that has lost no attempt to anything but the record: one that has is followed by another, which begins where it did. */
  const untilKilledTwice = async (scenario: Scenario): Promise<{ failure: string; result: RunResult }> => {
    for (let left = 2; ; left -= 1) {
      const run = await start(scenario);
      const failure = await untilAttemptFailed(run);
      try {
        return { failure, result: await run.result() };
      } catch (error) {
        const [committed] = await scenario.committed();
        if (left === 0 || committed !== '0' || !hasLostAttempt(error)) throw error;
        console.log(`a run has lost an attempt: ${String(error)}`);
      }
    }
  };

  /** The third attempt gets past the record; all the others are written, and the books are exact. */
  const survive = async (scenario: Scenario, does: string, code: RegExp): Promise<RunResult> => {
    await scenario.produce(recordsWith(does));
    const { failure, result } = await untilKilledTwice(scenario);
    assert.match(failure, code);
    assert.match(failure, new RegExp(`${scenario.topic}-0 offset ${String(POISON_AT)}`));
    assert.equal(result.attempt, ATTEMPTS);
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
    await survive(unsettled, 'never-settle', EITHER_SILENT);
  });

  test('leaves a rejection to itself ends two attempts, and tells nothing of its message', async () => {
    await survive(careless, 'reject-elsewhere', /^THREAD_FAILED: .* \(Error\)/);
    assert.doesNotMatch(worker.log(), /a secret/);
  });

  test('is not tolerated fails the run at that record, everything before it committed', async () => {
    await strict.produce(recordsWith('never-settle'));
    const run = await start(strict);
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
    await assert.rejects((await start(twice)).result(), (error) => {
      assert.ok(error instanceof RunFailed);
      assert.match(error.message, EITHER_SILENT);
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

  test('takes longer for its records than the run has commits what it got to, and the next runs go on there', async () => {
    const records = recordsWith(...Array.from({ length: RECORDS - POISON_AT }, () => 'dawdle'));
    await slow.produce(records);
    const first = await (await start(slow)).result();
    assert.equal(first.stopReason, 'budget');
    assertBalanced(first);
    const { inserted } = first.records;
    assert.ok(inserted > 0 && inserted < RECORDS, `${String(inserted)} of ${String(RECORDS)} are written`);
    assert.deepEqual(await slow.committed(), [String(inserted), '0', '0']);
    const isDrained = async () => (await slow.committed())[0] === String(RECORDS) || null;
    await until('the next runs to drain it', isDrained);
    assert.equal(await slow.collection.countDocuments({ transformed: true }), RECORDS);
  });

  test('meets an outage of what it needs fails the run behind what it got to, and no record is to blame', async () => {
    await cutOff.produce(recordsWith('outage'));
    await assert.rejects((await start(cutOff)).result(), (error) => {
      assert.ok(error instanceof RunFailed);
      assert.equal(error.code, 'TRANSFORM_UNAVAILABLE');
      assert.match(
        error.message,
        new RegExp(`-0 offset ${String(POISON_AT)}: the transform threw Error and`),
      );
      return true;
    });
    assert.deepEqual(await cutOff.committed(), [String(POISON_AT), '0', '0']);
    assert.equal(await cutOff.collection.countDocuments({ transformed: true }), POISON_AT);
    assert.deepEqual(await lettersOf(cutOff), []);
    assert.doesNotMatch(worker.log(), /a secret/);
  });

  test('throws, skips or waits makes dead letters, skipped records and documents', async () => {
    await plain.produce(recordsWith('throw', 'skip', 'wait'));
    const result = await (await start(plain)).result();
    const { inserted, skipped, deadLettered } = result.records;
    assert.deepEqual([inserted, skipped, deadLettered], [RECORDS - 2, 1, 1]);
    assertBalanced(result);
    assert.deepEqual(await lettersOf(plain), [`${String(POISON_AT)} transform TRANSFORM_FAILED`]);
    const [letter] = await plain.deadLetters.find().toArray();
    assert.equal(letter?.['reason'], 'the transform threw TypeError');
    assert.equal(await plain.collection.countDocuments({ transformed: true }), RECORDS - 3);
    assert.equal(await plain.collection.countDocuments({ waited: true, absent: { $type: 'null' } }), 1);
  });
});
