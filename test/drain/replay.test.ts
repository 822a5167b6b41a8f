import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { foresee, replay, type ReplayRecord } from '../../src/drain/replay.js';
import { createTransformCall, type TransformStep } from '../../src/drain/transform-step.js';
import { createFakeSink, type FakeSink } from './fake-sink.js';
import { NOW, pipeline, record, upsert, type RecordOverrides } from './builders.js';

const SIGNAL = new AbortController().signal;

function letter(overrides: RecordOverrides & { epoch?: number } = {}): ReplayRecord {
  const { epoch = 1, ...rest } = overrides;
  const read = record(rest);
  const id = `drain-orders|orders-${String(read.partition)}@${String(epoch)}|${String(read.offset)}`;
  return { ...read, id, epoch };
}

const RULES = { schemas: null, purgeAt: NOW, transform: null };

function replayInto(sink: FakeSink, letters: ReplayRecord[]) {
  return replay({ ...RULES, sink, pipeline: pipeline() }, letters, SIGNAL);
}

describe('a replay of dead letters', () => {
  test('writes records that are good by now at their own coordinates', async () => {
    const sink = createFakeSink();
    const { counts, stillBad } = await replayInto(sink, [letter({ partition: 2, offset: 42n, epoch: 3 })]);
    assert.deepEqual([counts.read, counts.inserted, stillBad], [1, 1, []]);
    const [model] = sink.stored.values();
    const { partition, offset, epoch } = model?.version ?? {};
    assert.deepEqual([partition, offset, epoch], ['orders-2', 42n, 3]);
  });

  test('never moves a document back', async () => {
    const sink = createFakeSink();
    sink.stored.set('o-1', upsert('o-1', { offset: 50n }));
    const { counts } = await replayInto(sink, [letter({ offset: 42n })]);
    assert.deepEqual([counts.unchanged, sink.stored.get('o-1')?.version.offset], [1, 50n]);
  });

  test('tells which are still bad, whether they cannot be decoded or are refused, and dead-letters nothing anew', async () => {
    const sink = createFakeSink({ refuses: [3n] });
    const letters = [
      letter({ offset: 1n }),
      letter({ offset: 2n, value: 'broken' }),
      letter({ offset: 3n, key: 'o-3' }),
    ];
    const { counts, stillBad } = await replayInto(sink, letters);
    assert.deepEqual(
      stillBad.map(({ id, code }) => [id, code]),
      [
        ['drain-orders|orders-0@1|2', 'NOT_JSON'],
        ['drain-orders|orders-0@1|3', 'VALIDATION_FAILED'],
      ],
    );
    assert.deepEqual([counts.read, counts.inserted, counts.deadLettered], [3, 1, 2]);
    assert.deepEqual(sink.letters, []);
  });

  test('that an outage ends in its middle fails, and says of no record that it went through', async () => {
    const sink = createFakeSink();
    const outage = Object.assign(new Error('no answer'), { retryable: true });
    const transform = createTransformCall(({ offset, value }) => {
      if (offset === 3n) throw outage;
      return value;
    });
    const letters = [letter({ offset: 1n }), letter({ offset: 2n }), letter({ offset: 3n })];
    await assert.rejects(replay({ ...RULES, transform, sink, pipeline: pipeline() }, letters, SIGNAL), {
      code: 'TRANSFORM_UNAVAILABLE',
    });
  });

  test('writes the newest of two versions of one document', async () => {
    const sink = createFakeSink();
    const { counts } = await replayInto(sink, [letter({ offset: 4n }), letter({ offset: 3n })]);
    assert.deepEqual([counts.inserted, counts.coalesced], [1, 1]);
    assert.equal(sink.stored.get('o-1')?.version.offset, 4n);
  });

  const foreseen = async (overrides: RecordOverrides, transform: TransformStep | null = null) => {
    const rules = pipeline({ deletes: 'ignore' });
    return (await foresee({ ...RULES, pipeline: rules, transform }, letter(overrides))).kind;
  };

  test('can be foreseen', async () => {
    const kinds = [await foreseen({}), await foreseen({ value: null }), await foreseen({ value: '[]' })];
    assert.deepEqual(kinds, ['write', 'skip', 'bad']);
  });

  test("takes the pipeline's transform as it is today, foreseen or done", async () => {
    const transform = createTransformCall(({ offset }) =>
      Promise.resolve(offset === 1n ? { mended: true } : null),
    );
    assert.deepEqual(
      [await foreseen({ offset: 1n }, transform), await foreseen({ offset: 2n }, transform)],
      ['write', 'skip'],
    );
    const sink = createFakeSink();
    const letters = [letter({ offset: 1n }), letter({ offset: 2n })];
    const { counts } = await replay({ ...RULES, sink, pipeline: pipeline(), transform }, letters, SIGNAL);
    assert.deepEqual([counts.inserted, counts.skipped], [1, 1]);
    const [model] = sink.stored.values();
    assert.deepEqual(model?.kind === 'upsert' && model.fields, { mended: true });
  });
});
