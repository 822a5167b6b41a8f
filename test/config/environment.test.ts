import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { configuration, configurationFrom, mistakesIn, type Surroundings } from './builders.js';

const text = (database: string): string =>
  configuration({ mongodb: `{ uri: mongodb://h, database: '${database}' }` });
const databaseIn = (database: string, surroundings: Surroundings = {}): string =>
  configurationFrom(text(database), surroundings).settings.mongodb.database;

describe('a reference to the environment', () => {
  test('is replaced by the variable, anywhere in a text', () => {
    assert.equal(
      databaseIn('shop-${STAGE}-${NR}', { environment: { STAGE: 'test', NR: '1' } }),
      'shop-test-1',
    );
  });

  test('has a default, used where the variable is not set or empty', () => {
    assert.equal(databaseIn('${DB:-shop}'), 'shop');
    assert.equal(databaseIn('${DB:-shop}', { environment: { DB: '' } }), 'shop');
    assert.equal(databaseIn('${DB:-shop}', { environment: { DB: 'other' } }), 'other');
  });

  test('falls back to the file named by NAME_FILE, before the default', () => {
    const surroundings = {
      environment: { DB_FILE: '/run/secrets/db' },
      files: { '/run/secrets/db': 'secret\n' },
    };
    assert.equal(databaseIn('${DB:-shop}', surroundings), 'secret');
  });

  test('to a missing variable is a mistake at its place, and no other mistake follows from it', () => {
    assert.deepEqual(mistakesIn(text('${DB}')), [
      'drain.yaml:2:40 mongodb.database: "${DB}": the environment variable DB is not set (nor DB_FILE); a default is written ${DB:-default}',
    ]);
  });

  test('to an empty variable without a default is a mistake', () => {
    assert.match(
      mistakesIn(text('${DB}'), { environment: { DB: '' } }).join(),
      /the environment variable DB is empty/,
    );
  });

  test('to a file that cannot be read is a mistake that does not name the file', () => {
    const [mistake] = mistakesIn(text('${DB}'), { environment: { DB_FILE: '/run/secrets/db' } });
    assert.match(mistake ?? '', /the file named by DB_FILE cannot be read: there is no such file$/);
  });

  test('that is malformed is a mistake', () => {
    for (const reference of ['${}', '${1A}', '${DB', '${DB-x}']) {
      assert.match(mistakesIn(text(reference)).join(), /a reference is \$\{NAME\}/, reference);
    }
  });

  test('is not meant by $${', () => {
    assert.match(mistakesIn(text('a$${DB}')).join(), /expected the name of a MongoDB database/);
    assert.equal(databaseIn('a{DB}'), 'a{DB}');
  });

  test('brings numbers and flags, too', () => {
    const orders = '{ topic: orders, limits: { maxRecords: "${MAX}" }, catchUp: "${CATCH_UP}" }';
    const environment = { MAX: '5000', CATCH_UP: 'false' };
    const pipeline = configurationFrom(configuration({ orders }), { environment }).settings.pipelines.get(
      'orders',
    );
    assert.deepEqual([pipeline?.limits.maxRecords, pipeline?.catchUp], [5_000, false]);
  });
});
