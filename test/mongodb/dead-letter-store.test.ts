import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import type { Document } from 'mongodb';
import {
  openDeadLetters,
  type DeadLetterFilter,
  type DeadLetterStore,
  type StoredDeadLetter,
} from '../../src/mongodb/dead-letter-store.js';
import { setupCollection } from '../../src/mongodb/setup.js';
import type { DeadLetter } from '../../src/mongodb/sink.js';
import { stackFromEnvironment } from '../support/stack.js';
import { deadLetter } from './models.js';
import { openTarget, type Target } from './target.js';

const NEVER = new AbortController().signal;
const MIB = 1024 * 1024;
const ALL: DeadLetterFilter = {
  ...{ pipeline: 'orders', ids: null, topics: null, state: null, code: null, stage: null },
  ...{ since: null, before: null },
};

async function withLetters(
  letters: DeadLetter[],
  use: (store: DeadLetterStore, target: Target) => Promise<void>,
): Promise<void> {
  await using target = await openTarget(stackFromEnvironment().mongodb);
  const { uri, db } = target;
  const options = { uri, database: db.databaseName, collection: 'orders.dead_letters' };
  await target.sink.writeDeadLetters(letters, NEVER);
  const store = openDeadLetters(options);
  try {
    await use(store, target);
  } finally {
    await store.close();
  }
}

async function collect(letters: AsyncIterable<StoredDeadLetter>): Promise<StoredDeadLetter[]> {
  const all: StoredDeadLetter[] = [];
  for await (const letter of letters) all.push(letter);
  return all;
}

const shown = ({ queryPlanner }: Document) =>
  inspect((queryPlanner as Document)['winningPlan'], { depth: null });

describe('the dead letters of a collection', () => {
  const at = (offset: bigint, code = 'NOT_JSON') =>
    deadLetter({ offset, code, id: `g|orders-0@1|${String(offset)}` });

  test('are counted by pipeline, state and code', () =>
    withLetters([at(1n), at(2n), at(3n, 'ID_MISSING')], async (store) => {
      await store.markReplayed(['g|orders-0@1|2'], new Date());
      assert.deepEqual(await store.count(ALL), [
        { pipeline: 'orders', state: 'open', code: 'ID_MISSING', count: 1 },
        { pipeline: 'orders', state: 'open', code: 'NOT_JSON', count: 1 },
        { pipeline: 'orders', state: 'replayed', code: 'NOT_JSON', count: 1 },
      ]);
      assert.deepEqual(await store.count({ ...ALL, pipeline: 'other' }), []);
    }));

  test('are chosen by state, code, stage, topic, id and time', () =>
    withLetters([at(1n), at(2n), at(3n, 'ID_MISSING')], async (store) => {
      await store.markReplayed(['g|orders-0@1|2'], new Date());
      const chosen = async (filter: Partial<DeadLetterFilter>) =>
        (await store.list({ ...ALL, ...filter }, 10)).map(({ offset }) => Number(offset)).sort();
      assert.deepEqual(await chosen({}), [1, 2, 3]);
      assert.deepEqual(await chosen({ state: 'open' }), [1, 3]);
      assert.deepEqual(await chosen({ code: 'ID_MISSING' }), [3]);
      assert.deepEqual(await chosen({ stage: 'write' }), []);
      assert.deepEqual(await chosen({ topics: ['orders'] }), [1, 2, 3]);
      assert.deepEqual(await chosen({ topics: ['others'] }), []);
      assert.deepEqual(await store.topics(ALL), ['orders']);
      assert.deepEqual(await store.topics({ ...ALL, code: 'NONE' }), []);
      assert.deepEqual(await chosen({ ids: ['g|orders-0@1|1', 'g|orders-0@1|3'] }), [1, 3]);
      assert.deepEqual(await chosen({ before: new Date(0) }), []);
      assert.deepEqual(await chosen({ since: new Date(0) }), [1, 2, 3]);
    }));

  test('come with their bytes, in the order of the log', () =>
    withLetters([at(10n), at(9n), at(2n)], async (store) => {
      const all = await collect(store.each(ALL));
      assert.deepEqual(
        all.map(({ offset }) => offset),
        [2n, 9n, 10n],
      );
      const { key, value, headers } = at(2n);
      assert.deepEqual([all[0]?.key, all[0]?.value, all[0]?.headers], [key, value, headers]);
    }));

  test('are joined again where their bytes are kept in parts, and are one in lists and counts', () => {
    const value = Buffer.alloc(20 * MIB, 'abcdefg');
    const headers = [{ name: 'large', value: Buffer.alloc(MIB, 'x') }, { name: 'none', value: null }]; // prettier-ignore
    return withLetters([{ ...at(1n), key: null, value, headers }], async (store, target) => {
      const [letter] = await collect(store.each(ALL));
      assert.equal(letter?.key, null);
      assert.ok(letter.value?.equals(value));
      assert.deepEqual(letter.headers, headers);
      assert.equal((await store.list(ALL, 10)).length, 1);
      assert.equal((await store.list({ ...ALL, pipeline: null }, 10)).length, 1);
      assert.equal(await store.discard(ALL), 1);
      assert.deepEqual(await target.deadLetters(), []);
    });
  });

  test('are discarded where they are chosen, and nowhere else', () =>
    withLetters([at(1n), at(2n), at(3n, 'ID_MISSING')], async (store, target) => {
      assert.equal(await store.discard({ ...ALL, code: 'NOT_JSON' }), 2);
      assert.deepEqual(
        (await target.deadLetters()).map(({ _id }) => _id),
        ['g|orders-0@1|3'],
      );
    }));

  test('are counted and listed by the indexes of the setup, without looking at their documents', () =>
    withLetters([at(1n), at(2n)], async (_, { db, uri }) => {
      await setupCollection({
        ...{ uri, database: db.databaseName, collections: ['orders'], tombstones: true },
        ...{ deadLetterCollection: 'orders.dead_letters', deadLettersExpireAfterMs: 86_400_000 },
      });
      const letters = db.collection('orders.dead_letters');
      const group = { $group: { _id: { pipeline: '$pipeline', state: '$state', code: '$code' } } };
      const counting = await letters
        .aggregate([{ $match: { pipeline: { $eq: 'orders' }, state: { $eq: 'open' } } }, group])
        .explain('queryPlanner');
      const listing = await letters
        .find({ pipeline: { $eq: 'orders' } }, { sort: { deadLetteredAt: -1 } })
        .explain('queryPlanner');
      assert.doesNotMatch(shown(counting), /'FETCH'|'COLLSCAN'/);
      assert.match(shown(counting), /kafka_drain_state/);
      assert.match(shown(listing), /kafka_drain_time/);
      assert.doesNotMatch(shown(listing), /'SORT'|'COLLSCAN'/);
      const expiry = (await letters.indexes()).find(({ name }) => name === 'kafka_drain_expiry');
      assert.equal(expiry?.['expireAfterSeconds'], 86_400);
    }));
});
