import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PipelineSettings } from '../../src/config/settings.js';
import { createToOperation } from '../../src/drain/operation.js';
import { createWriteBatch } from '../../src/drain/write-batch.js';
import { DrainError } from '../../src/errors.js';
import { NOW, pipeline } from './builders.js';
import { createFakeSink, type FakeSink } from './fake-sink.js';
import { outcomes, recordsOf, RUN, stored, TOLERATE_NONE } from './write-batch-cases.js';

const SIGNAL = new AbortController().signal;

/** A batch whose record at offset 2 makes the decoder throw or reject. */
function write(
  sink: FakeSink,
  { error, later, rules = {} }: { error: Error; later: boolean; rules?: Partial<PipelineSettings> },
) {
  const settings = pipeline(rules);
  const decode = createToOperation(settings, NOW);
  const writeBatch = createWriteBatch({
    ...{ sink, pipeline: settings, run: RUN },
    toOperation: (record) => {
      if (record.offset !== 2n) return decode(record);
      if (later) return Promise.reject(error);
      throw error;
    },
  });
  return writeBatch(recordsOf('a1 b2 c3'), SIGNAL);
}

describe('an error of JavaScript itself while a record is decoded', () => {
  for (const later of [false, true]) {
    test(`is that record's, and its neighbours are written (${later ? 'rejected' : 'thrown'})`, async () => {
      const sink = createFakeSink();
      const written = await write(sink, { error: new RangeError('Invalid string length'), later });
      assert.deepEqual(outcomes(written), { inserted: 2, deadLettered: 1 });
      assert.equal(stored(sink), 'a1 c3');
      assert.deepEqual(
        sink.letters.map(({ code, reason }) => [code, reason]),
        [['DECODING_FAILED', 'decoding ended with RangeError, for which kafka-drain has no better words']],
      );
    });
  }

  test('fails the run at it where no bad record is tolerated, after what came before is written', async () => {
    const sink = createFakeSink();
    const error = new SyntaxError('x');
    await write(sink, { error, later: false, rules: TOLERATE_NONE }).then(({ handled }) =>
      assert.equal(handled, 1),
    );
    assert.equal(stored(sink), 'a1');
  });

  test('is no outage: an outage ends the batch before the record, without a dead letter', async () => {
    const sink = createFakeSink();
    const error = new DrainError('REGISTRY_UNAVAILABLE', 'away');
    assert.equal((await write(sink, { error, later: true })).handled, 1);
    assert.deepEqual(sink.letters, []);
  });
});
