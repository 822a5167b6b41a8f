import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { record } from './builders.js';
import { createFakeSink } from './fake-sink.js';
import { outcomes, stored, write } from './write-batch-cases.js';

describe('a batch with hard deletes', () => {
  const hard = { deletes: 'hard' } as const;

  test('lets only the newest of an id win', async () => {
    const sink = createFakeSink();
    const deleted = await write(sink, 'a1 b1', hard).then(() => write(sink, 'a2 a3- b2- b3 c4-', hard));
    assert.equal(stored(sink), 'b3');
    assert.deepEqual(outcomes(deleted), { updated: 1, deleted: 1, unchanged: 1, coalesced: 2 });
  });
});

describe('a batch whose versions are declared', () => {
  const rules = { version: { by: 'field', field: 'rev' }, deletes: 'ignore' } as const;
  const at = (offset: bigint, rev: string) => record({ key: 'a', offset, value: `{"rev":${rev}}` });

  test('writes the newest by what the records say, not by their place', async () => {
    const sink = createFakeSink();
    const written = await write(sink, [at(1n, '7'), at(2n, '9.5'), at(3n, '8')], rules);
    assert.equal(stored(sink), 'a2');
    assert.deepEqual(outcomes(written), { inserted: 1, coalesced: 2 });
  });

  test('dead-letters a record without one, and writes its neighbours', async () => {
    const sink = createFakeSink();
    const written = await write(sink, [at(1n, '7'), at(2n, 'null'), at(3n, '8')], rules);
    assert.equal(stored(sink), 'a3');
    assert.deepEqual(outcomes(written), { inserted: 1, coalesced: 1, deadLettered: 1 });
    const [letter] = sink.letters;
    assert.deepEqual([letter?.stage, letter?.code], ['version', 'VERSION_MISSING']);
  });
});
