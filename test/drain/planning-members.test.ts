import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { foreign, ours } from './builders.js';
import { planOf } from './planning-cases.js';

/** Partitions with records 40 up to 100; committed up to the given offset, or `null`. */
function partitions(...committed: (bigint | null)[]) {
  return committed.map((offset, partition) => ({
    partition,
    committed: offset === null ? null : ours(offset),
  }));
}

describe('how many members a plan has', () => {
  const members = { members: 3 } as const;

  test('as many as the pipeline says, and none are named where it is one', () => {
    assert.equal(planOf({ rules: members, partitions: partitions(40n, 50n, 60n, 70n) }).members, 3);
    assert.equal('members' in planOf({ partitions: partitions(40n, 50n) }), false);
  });

  test('no more than there are partitions with something to read or to commit', () => {
    assert.equal(planOf({ rules: members, partitions: partitions(40n, 50n, 100n, 100n) }).members, 2);
    assert.equal(planOf({ rules: members, partitions: partitions(40n, null, 100n) }).members, 2);
    assert.equal('members' in planOf({ rules: members, partitions: partitions(40n, 100n, 100n) }), false);
  });

  test('with "until: idle" every partition may bring something', () => {
    const rules = { ...members, until: 'idle' } as const;
    assert.equal(planOf({ rules, partitions: partitions(40n, 100n, 100n) }).members, 3);
  });

  test('one where the start policy decides and is not "earliest", so that all starts are committed at once', () => {
    const given = partitions(null, null);
    assert.equal(planOf({ rules: members, partitions: given }).members, 2);
    assert.equal('members' in planOf({ rules: { ...members, start: 'latest' }, partitions: given }), false);
    const timestamp = { ...members, start: { timestampMs: 5 } };
    assert.equal('members' in planOf({ rules: timestamp, partitions: given }), false);
    assert.equal(
      planOf({ rules: { ...members, start: 'latest' }, partitions: partitions(40n, 50n) }).members,
      2,
    );
  });

  test('one in the first run of a raised epoch, for the same reason', () => {
    const rules = { ...members, epoch: 2 };
    assert.equal('members' in planOf({ rules, partitions: partitions(40n, 50n) }), false);
    const reached = [40n, 50n].map((offset, partition) => ({
      partition,
      committed: ours(offset, { epoch: 2 }),
    }));
    assert.equal(planOf({ rules, partitions: reached }).members, 2);
  });

  test('a commit that is not ours is none of that', () => {
    const given = [40n, 50n].map((offset, partition) => ({ partition, committed: foreign(offset) }));
    assert.equal(planOf({ rules: { ...members, start: 'latest' }, partitions: given }).members, 2);
  });
});
