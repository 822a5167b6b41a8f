import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PipelineSettings } from '../../src/config/settings.js';
import { createToOperation } from '../../src/drain/operation.js';
import { createTransformStep } from '../../src/drain/transform-step.js';
import { createWriteBatch } from '../../src/drain/write-batch.js';
import type { Transform } from '../../src/transform.js';
import { NOW, pipeline, record } from './builders.js';
import { createFakeSink, type FakeSink } from './fake-sink.js';
import { outcomes, recordsOf, RUN, stored, TOLERATE_NONE } from './write-batch-cases.js';

const SIGNAL = new AbortController().signal;

/** A batch whose records go through a transform; that of offset 3 has ended two attempts. */
function write(
  sink: FakeSink,
  records: string,
  transform: Transform,
  rules: Partial<PipelineSettings> = {},
  enough = () => false,
) {
  const settings = pipeline(rules);
  const step = createTransformStep(transform, {
    notes: { began: () => undefined, ended: () => undefined },
    suspects: [{ partition: 'orders-0', offset: '3', kills: 2 }],
    ...{ clock: () => 0, alive: () => undefined },
  });
  const toOperation = createToOperation(settings, NOW, { transform: step });
  const writeBatch = createWriteBatch({ sink, toOperation, pipeline: settings, run: RUN });
  return writeBatch(recordsOf(records), SIGNAL, { enough });
}

const same: Transform = ({ value }) => value;

describe('a batch through a transform', () => {
  test('makes documents of what it returns, in their order, and dead letters of what it throws', async () => {
    const sink = createFakeSink();
    const written = await write(sink, 'a4 b5 a6 c7 d8-', ({ value, offset }) => {
      if (offset === 5n) throw new Error('no');
      return offset === 7n ? null : Promise.resolve({ ...value, seen: true });
    });
    assert.deepEqual(outcomes(written), {
      inserted: 1,
      deleted: 1,
      coalesced: 1,
      skipped: 1,
      deadLettered: 1,
    });
    assert.equal(stored(sink), 'a6 d8-');
    const model = sink.stored.get('a');
    assert.deepEqual(model?.kind === 'upsert' && model.fields, { at: 6, seen: true });
    assert.deepEqual(
      sink.letters.map(({ stage, code }) => [stage, code]),
      [['transform', 'TRANSFORM_FAILED']],
    );
  });

  test('ends right behind a record that has ended two attempts, so that this one is past for good', async () => {
    const sink = createFakeSink();
    const called: bigint[] = [];
    const written = await write(sink, 'a1 b2 c3 d4 e5', ({ offset, value }) => {
      called.push(offset);
      return value;
    });
    assert.equal(written.handled, 3);
    assert.deepEqual(outcomes(written), { inserted: 2, deadLettered: 1 });
    assert.deepEqual(called, [1n, 2n]);
    assert.deepEqual(
      sink.letters.map(({ offset, stage, code }) => [offset, stage, code]),
      [[3n, 'transform', 'KILLED_DRAIN']],
    );
  });

  test('ends before such a record where bad ones are not tolerated, and begins with it as a failure', async () => {
    const sink = createFakeSink();
    assert.equal((await write(sink, 'a1 b2 c3 d4', same, TOLERATE_NONE)).handled, 2);
    await assert.rejects(write(sink, 'c3 d4', same, TOLERATE_NONE), {
      code: 'BAD_RECORD',
      message: /^orders-0 offset 3: .*KILLED_DRAIN/,
    });
    assert.deepEqual(sink.letters, []);
  });

  test('ends behind the record that is in hand when there is enough of it', async () => {
    const sink = createFakeSink();
    let called = 0;
    const slow: Transform = ({ value }) => {
      called += 1;
      return Promise.resolve(value);
    };
    const written = await write(sink, 'a4 b5 c6 d7', slow, {}, () => called === 2);
    assert.deepEqual([written.handled, called, stored(sink)], [2, 2, 'a4 b5']);
  });

  test('is written up to an outage of what the transform needs, which fails at the first record', async () => {
    const sink = createFakeSink();
    const outage = Object.assign(new Error('no answer'), { retryable: true });
    const asks: Transform = ({ offset, value }) => (offset === 6n ? Promise.reject(outage) : value);
    const written = await write(sink, 'a4 b5 c6 d7', asks, TOLERATE_NONE);
    assert.deepEqual([written.handled, stored(sink)], [2, 'a4 b5']);
    await assert.rejects(write(sink, 'c6 d7', asks), { code: 'TRANSFORM_UNAVAILABLE' });
    assert.deepEqual([stored(sink), sink.letters], ['a4 b5', []]);
  });

  test('has at least its first record handled, so that each batch gets on', async () => {
    const sink = createFakeSink();
    assert.equal((await write(sink, 'a4 b5', same, {}, () => true)).handled, 1);
  });
});

test('what a transform keeps of a value stays as it was when the memory of its fetch is used again', async () => {
  const kept: Buffer[] = [];
  const step = createTransformStep(
    ({ value }) => {
      kept.push(value['value'] as Buffer);
      return value;
    },
    {
      notes: { began: () => undefined, ended: () => undefined },
      suspects: [],
      clock: () => 0,
      alive: () => undefined,
    },
  );
  const toOperation = createToOperation(pipeline({ value: 'bytes' }), NOW, { transform: step });
  const fetched = record({ value: Buffer.from('kept') });
  await toOperation(fetched);
  fetched.value?.fill(0);
  assert.deepEqual(kept.map(String), ['kept']);
});
