import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspectSetup, setupCollection } from '../../src/mongodb/setup.js';
import { stackFromEnvironment } from '../support/stack.js';
import { tombstone, upsert } from './models.js';
import { openTarget } from './target.js';
import type { Target } from './target.js';

const NEVER = new AbortController().signal;

function setupOf({ db, uri }: Target): Parameters<typeof setupCollection>[0] {
  return {
    uri,
    database: db.databaseName,
    collections: ['orders'],
    deadLetterCollection: 'orders.dead_letters',
    tombstones: true,
    deadLettersExpireAfterMs: null,
  };
}

function open(): Promise<Target> {
  return openTarget(stackFromEnvironment().mongodb);
}

describe('the setup of a collection', () => {
  test('creates what is missing, and the second time leaves everything', async () => {
    await using target = await open();
    const setup = setupOf(target);
    assert.deepEqual(new Set((await inspectSetup(setup)).map(({ state }) => state)), new Set(['missing']));
    const names = (await setupCollection(setup)).map(({ name, outcome }) => `${outcome} ${name}`);
    const { databaseName } = target.db;
    assert.deepEqual(names, [
      `created ${databaseName}.orders: kafka_drain_purge`,
      `created ${databaseName}.orders_live`,
      `created ${databaseName}.orders.dead_letters: kafka_drain_record`,
      `created ${databaseName}.orders.dead_letters: kafka_drain_time`,
      `created ${databaseName}.orders.dead_letters: kafka_drain_state`,
    ]);
    assert.deepEqual(
      new Set((await setupCollection(setup)).map(({ outcome }) => outcome)),
      new Set(['left']),
    );
    assert.deepEqual(new Set((await inspectSetup(setup)).map(({ state }) => state)), new Set(['present']));
  });

  test('makes no view and no purge index where deletes leave no markers', async () => {
    await using target = await open();
    const outcomes = await setupCollection({ ...setupOf(target), tombstones: false });
    assert.deepEqual(
      outcomes.map(({ name }) => name.split('kafka_drain_')[1]),
      ['record', 'time', 'state'],
    );
  });

  test('the inspection changes nothing', async () => {
    await using target = await open();
    await inspectSetup(setupOf(target));
    assert.deepEqual(await target.db.listCollections().toArray(), []);
  });

  test('the view shows documents and hides tombstones', async () => {
    await using target = await open();
    await setupCollection(setupOf(target));
    await target.sink.write([upsert({ id: 'kept' }), tombstone({ id: 'gone' })], NEVER);
    const seen = await target.db.collection('orders_live').find().toArray();
    assert.deepEqual(seen.map(({ _id }) => _id), ['kept']); // prettier-ignore
  });

  test('tombstones are purged after their window, and nothing else is', async () => {
    await using target = await open();
    await setupCollection(setupOf(target));
    const past = new Date(Date.now() - 1_000);
    const future = new Date(Date.now() + 86_400_000);
    await target.sink.write(
      [
        upsert({ id: 'kept' }, { purgeAt: past }),
        tombstone({ id: 'due', purgeAt: past }),
        tombstone({ id: 'later', purgeAt: future }),
      ],
      NEVER,
    );
    while ((await target.documents()).length > 2) await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual((await target.documents()).map(({ _id }) => _id), ['kept', 'later']); // prettier-ignore
  });

  test('something else under our name is left alone and called different', async () => {
    await using target = await open();
    await target.db.createCollection('orders_live');
    await target.collection.createIndex({ '_kafka.purgeAt': 1 }, { name: 'mine' }, {});
    const outcomes = await setupCollection(setupOf(target));
    assert.deepEqual(outcomes.map(({ outcome }) => outcome), ['different', 'different', 'created', 'created', 'created']); // prettier-ignore
    assert.deepEqual(
      (await inspectSetup(setupOf(target))).map(({ state }) => state),
      [...['different', 'different', 'present', 'present', 'present']],
    );
  });

  test('an unusable URI is CONFIG_INVALID and is not quoted', async () => {
    for (const uri of ['http://drain:secret@localhost', 'mongodb://drain:sec@ret@x:y', 'secret']) {
      const setup = {
        uri,
        database: 'shop',
        collections: ['orders'],
        deadLetterCollection: 'orders.dead_letters',
        tombstones: true,
        deadLettersExpireAfterMs: null,
      };
      await assert.rejects(inspectSetup(setup), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'CONFIG_INVALID');
        assert.doesNotMatch(error.message, /sec/);
        return true;
      });
    }
  });
});
