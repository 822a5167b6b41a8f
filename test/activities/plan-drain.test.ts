import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityDeps } from '../../src/activities/deps.js';
import { createPlanDrain } from '../../src/activities/plan-drain.js';
import type { Packed, Plan } from '../../src/contract.js';
import { DrainError } from '../../src/errors.js';
import type { LogState, Source } from '../../src/kafka/source.js';
import { configurationFrom, configuration } from '../config/builders.js';
import { createKeptTokens } from '../../src/kafka/kept-tokens.js';
import { createKeptSchemas } from '../../src/registry/kept.js';
import { foreign, NOW, topicState } from '../drain/builders.js';

/** The activity on a Kafka that answers the given, one after the other. */
function planWith(...answers: (() => Promise<LogState>)[]) {
  const { settings, connections } = configurationFrom(configuration({}));
  const asked: string[] = [];
  const deps: ActivityDeps = {
    ...{ settings, connections, tokens: createKeptTokens() },
    openSource: () =>
      ({
        inspect: () => {
          asked.push('inspect');
          return (answers[asked.length - 1] ?? assert.fail('asked too often'))();
        },
        close: () => Promise.resolve(void asked.push('close')),
      }) as Partial<Source> as Source,
    startThread: () => assert.fail('a plan starts no thread'),
    schemas: createKeptSchemas(),
    metrics: { planned: () => undefined, failed: () => undefined } as Partial<
      ActivityDeps['metrics']
    > as ActivityDeps['metrics'],
    logger: undefined as unknown as ActivityDeps['logger'],
    clock: () => 0,
    wallClock: () => NOW,
  };
  const plan: Promise<Packed<Plan>> = createPlanDrain(deps)({ pipeline: 'orders', previous: null });
  return { plan, asked };
}

const good = () => Promise.resolve(topicState());
const beyondEnd = () => Promise.resolve(topicState([{ committed: foreign(1_000n) }]));

describe('planning', () => {
  test('repeats a failed check once with fresh numbers, since another run may have committed in between', async () => {
    const { plan, asked } = planWith(beyondEnd, good);
    assert.equal((await plan).lagBefore, 60);
    assert.deepEqual(asked, ['inspect', 'inspect', 'close']);
  });

  test('fails where the check fails twice', async () => {
    const { plan } = planWith(beyondEnd, beyondEnd);
    await assert.rejects(
      plan,
      (error) => error instanceof ApplicationFailure && error.type === 'OFFSET_BEYOND_END',
    );
  });

  test('leaves the repetition of an outage to Temporal', async () => {
    const { plan, asked } = planWith(() => Promise.reject(new DrainError('KAFKA_UNAVAILABLE', 'gone')));
    await assert.rejects(plan, (error) => error instanceof ApplicationFailure && !error.nonRetryable);
    assert.deepEqual(asked, ['inspect', 'close']);
  });

  test('names the brokers where Kafka hangs, before the activity is given up', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { plan, asked } = planWith(() => new Promise(() => undefined));
    while (asked.length === 0) await Promise.resolve();
    t.mock.timers.tick(9_999);
    await assert.rejects(
      plan,
      (error) =>
        error instanceof ApplicationFailure &&
        error.type === 'KAFKA_UNAVAILABLE' &&
        /localhost:9092/.test(error.message),
    );
  });
});
