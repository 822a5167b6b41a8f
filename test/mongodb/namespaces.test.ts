import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Db } from 'mongodb';
import { isReservedName, MAX_NAMESPACE_BYTES, namespaceBytes } from '../../src/config/collections.js';
import { stackFromEnvironment } from '../support/stack.js';
import { openTarget } from './target.js';

/** A name with which the namespace has so many bytes. */
function named({ databaseName }: Db, bytes: number): string {
  const start = 'ä';
  return start + 'a'.repeat(bytes - namespaceBytes(databaseName, start));
}

const kinds: readonly (readonly [string, (db: Db, name: string) => Promise<unknown>])[] = [
  ['a collection', (db, name) => db.collection(name).insertOne({})],
  ['an index', (db, name) => db.collection(name).createIndex({ 'a.long.path': 1 })],
  ['a view', (db, name) => db.createCollection(name, { viewOn: 'orders', pipeline: [] })],
];

test('MongoDB takes the names that Kafka takes, but for those that are refused', async () => {
  await using target = await openTarget(stackFromEnvironment().mongodb);
  const { db } = target;
  for (const name of ['a..b', 'a.', '-', '_', '0', 'a_system.b', 'a.system', 'systems', 'system']) {
    assert.ok(!isReservedName(name));
    for (const [, create] of kinds.slice(0, 2)) await create(db, name);
  }
  for (const name of ['.a', '..a', 'system.a', 'a.system.b', 'a.system.']) {
    assert.ok(isReservedName(name));
    await assert.rejects(db.collection(name).insertOne({}));
  }
});

for (const [kind, create] of kinds)
  test(`MongoDB takes ${kind} whose namespace is just short enough, and none that is longer by a byte`, async () => {
    await using target = await openTarget(stackFromEnvironment().mongodb);
    const { db } = target;
    await create(db, named(db, MAX_NAMESPACE_BYTES));
    await assert.rejects(
      create(db, named(db, MAX_NAMESPACE_BYTES + 1)),
      /namespace.*255|too long|InvalidNamespace/i,
    );
  });
