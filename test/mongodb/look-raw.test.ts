import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Long, type Document } from 'mongodb';
import { look } from '../../src/mongodb/look.js';
import type { RawUpsert } from '../../src/mongodb/raw-upsert.js';
import { bsonOf } from '../support/bson.js';
import { stackFromEnvironment } from '../support/stack.js';
import { rawFieldsOf, rawUpsert, rawUpsertInPlace, upsert } from './models.js';
import { NEVER, settlingOn, toItems } from './settling.js';
import { openTarget } from './target.js';

const FIELDS = rawFieldsOf(bsonOf(['status', 'paid'], ['note', 'x'.repeat(200)], ['n', 1]));

/** As records become upserts: the id stays in its record where it is a text of ASCII, and is made where it isn't. */
function rawModel(id: unknown): RawUpsert {
  return typeof id === 'string' && /^[\x20-\x7e]*$/.test(id)
    ? rawUpsertInPlace(id, FIELDS, 5n)
    : rawUpsert(upsert({ id, offset: 5n }), FIELDS);
}

/** What somebody else did to a document; none of it shows in its length but where it has to. */
const CHANGES: Readonly<Record<string, Document>> = {
  'another value': { $set: { status: 'sent' } },
  'a value at the end': { $set: { n: 2 } },
  'an older version': { $set: { '_kafka.offset': Long.fromNumber(4) } },
  'another partition of the same time': { $set: { '_kafka.partition': 'orders-1', '_kafka.epoch': 1 } },
  'a field more': { $set: { more: 1 } },
  'a field less': { $unset: { n: 1 } },
  'a field of another name': { $rename: { note: 'nota' } },
};

test('a look at upserts that are bytes settles those that are stored just so, and no others', async () => {
  await using target = await openTarget(stackFromEnvironment().mongodb);
  const changed = Object.keys(CHANGES);
  const ids = [...changed, 'o-1', 'o-10', '', 'é', 7, 'x'.repeat(64)];
  await target.sink.write(ids.map(rawModel), NEVER);
  const lookAt = (wanted: readonly unknown[]) =>
    look(toItems(wanted.map(rawModel)), settlingOn(target, 'offset'));
  const before = await lookAt(ids);
  assert.deepEqual([before.stored, before.missing, before.unknown], [[], [], []]);
  for (const [id, change] of Object.entries(CHANGES))
    assert.equal((await target.collection.updateOne({ _id: id as never }, change)).modifiedCount, 1, id);
  const after = await lookAt([...ids, 'o-2']);
  assert.deepEqual(
    after.stored.map(({ model }) => model.id),
    changed.filter((id) => id !== 'another partition of the same time'),
    'of another partition it is newer, by the guard’s rule',
  );
  assert.deepEqual(after.missing.map(({ model }) => model.id), ['o-2']); // prettier-ignore
});
