import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { commandsOn, type Answer, type Commands } from '../../src/mongodb/commands.js';
import { stackFromEnvironment } from '../support/stack.js';
import { replyOf, tombstone, upsert } from './models.js';
import { LISTENER, NEVER, writeOn } from './settling.js';
import { openTarget } from './target.js';

/** Of three slices and a little. */
const MANY = 12_001;

const many = (count: number) => Array.from({ length: count }, (_, index) => upsert({ id: `o-${index}` }));

describe('the slices of a call', () => {
  /** Nothing is stored; each insert takes until all that may be in flight are. */
  function counted(answer: (nth: number) => Answer) {
    const counts = { inFlight: 0, most: 0, inserts: 0 };
    const run: Commands['run'] = async (action) => {
      if (action === 'find') return { reply: replyOf([]), fault: null };
      const nth = (counts.inserts += 1);
      counts.most = Math.max(counts.most, (counts.inFlight += 1));
      await sleep(5);
      counts.inFlight -= 1;
      return answer(nth);
    };
    return { counts, write: writeOn({ namespace: 'shop.orders', run }) };
  }

  test('are three at a time, of about the same size, and counted together', async () => {
    const { counts, write } = counted(() => ({ reply: { n: 1 }, fault: null }));
    const result = await write(many(MANY), NEVER);
    assert.equal(result.inserted, MANY);
    assert.deepEqual(counts, { inFlight: 0, most: 3, inserts: 4 });
  });

  const answered = () => ({ reply: { n: 1 }, fault: null });

  test('are two at least where no other call is under way, as none was beside the three before', async () => {
    const { counts, write } = counted(answered);
    for (let calls = 0; calls < 3; calls += 1) await write(many(1_001), NEVER);
    assert.deepEqual(counts, { inFlight: 0, most: 1, inserts: 3 });
    await write(many(1_001), NEVER);
    assert.deepEqual(counts, { inFlight: 0, most: 2, inserts: 5 });
    await Promise.all([write(many(10), NEVER), write(many(1_001), NEVER)]);
    assert.equal(counts.inserts, 7, 'the second of these has company');
    await write(many(1_001), NEVER);
    assert.equal(counts.inserts, 8, 'and so the next one may have');
  });

  test('are no more where they would be small, or where a call before has failed', async () => {
    const { counts, write } = counted((nth) => {
      if (nth === 1) throw new Error('broken');
      return answered();
    });
    await assert.rejects(write(many(1_001), NEVER), /broken/);
    for (let calls = 0; calls < 3; calls += 1) await write(many(999), NEVER);
    assert.equal(counts.inserts, 4);
    await write(many(1_000), NEVER);
    assert.equal(counts.inserts, 6, 'the one that failed has ended, too');
  });

  test('of which one fails end before the call does, and none begins any more', async () => {
    const { counts, write } = counted((nth) => {
      if (nth === 1) throw new Error('broken');
      return { reply: { n: 1 }, fault: null };
    });
    await assert.rejects(write(many(5 * MANY), NEVER), /broken/);
    assert.equal(counts.inFlight, 0);
    assert.ok(counts.inserts <= 3, `${counts.inserts} began`);
  });
});

describe('what another record of the call frees in a unique index', () => {
  const open = async () => {
    const target = await openTarget(stackFromEnvironment().mongodb);
    await target.db.collection('orders').createIndex({ email: 1 }, { unique: true, sparse: true }, {});
    return target;
  };

  test('is there for one of another slice, whichever is written first', async () => {
    await using target = await open();
    await target.sink.write([upsert({ id: 'b', offset: 1n }, { email: 'y' })], NEVER);
    const real = commandsOn(target.db, 'orders', LISTENER);
    let inserts = 0;
    const run: Commands['run'] = async (...given) => {
      const [action] = given;
      // only when the other slice has tried all that it may before this one is done: its value with others, and by itself
      for (let waits = 0; action === 'update' && inserts < 3 && waits < 200; waits += 1) await sleep(10);
      const answer = await real.run(...given);
      if (action === 'insert') inserts += 1;
      return answer;
    };
    const write = writeOn({ ...real, run });
    const models = [upsert({ id: 'b', offset: 2n }, { email: 'z' }), ...many(4_500)];
    models.push(upsert({ id: 'c', offset: 2n }, { email: 'y' }));
    const result = await write(models, NEVER);
    assert.deepEqual(result.rejected, []);
    assert.deepEqual([result.inserted, result.updated], [4_501, 1]);
  });

  test('is there when a document was removed', async () => {
    await using target = await open();
    await target.sink.write([upsert({ id: 'a', offset: 1n }, { email: 'x' })], NEVER);
    const removal = tombstone({ id: 'a', offset: 2n, purgeAt: null });
    const result = await target.sink.write([removal, upsert({ id: 'b', offset: 3n }, { email: 'x' })], NEVER);
    assert.deepEqual(result.rejected, []);
    assert.deepEqual([result.inserted, result.deleted], [1, 1]);
  });
});
