import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openClient, withoutOverridden } from '../../src/mongodb/connection.js';
import { stackFromEnvironment } from '../support/stack.js';
import { upsert } from './models.js';
import { openTarget } from './target.js';

const HOSTILE = [
  ...[
    'w=0',
    'wtimeoutMS=0',
    'journal=false',
    'readPreference=secondaryPreferred',
    'readPreferenceTags=dc:ny',
  ],
  ...['maxStalenessSeconds=120', 'readConcernLevel=available', 'retryWrites=true', 'retryReads=true'],
  ...[
    'socketTimeoutMS=0',
    'serverSelectionTimeoutMS=99999999',
    'connectTimeoutMS=0',
    'maxPoolSize=500',
    'appName=x',
  ],
].join('&');

describe('the connection', () => {
  test('concerns, preferences and time limits are ours whatever the URI says; the rest is kept', () => {
    const { options } = openClient({
      uri: `mongodb://a:b@h1,h2/shop?${HOSTILE}&replicaSet=rs0&tls=true&authSource=admin`,
    });
    assert.equal(options.writeConcern.w, 'majority');
    assert.equal(options.writeConcern.wtimeoutMS, 10_000);
    assert.notEqual(options.writeConcern.journal, false);
    assert.equal(options.readPreference.mode, 'primary');
    assert.equal(options.readConcern.level, 'local');
    assert.equal(options.retryWrites, false);
    assert.equal(options.retryReads, false);
    assert.equal(options.appName, 'kafka-drain');
    for (const limit of [
      options.socketTimeoutMS,
      options.serverSelectionTimeoutMS,
      options.connectTimeoutMS,
    ]) {
      assert.ok(limit > 0 && limit <= 15_000);
    }
    assert.equal(options.maxPoolSize, 18);
    assert.equal(options.replicaSet, 'rs0');
    assert.equal(options.tls, true);
    assert.equal(options.rejectUnauthorized, true);
    assert.equal(options.credentials?.source, 'admin');
  });

  test('a URI without options, or with foreign ones only, is left as it is', () => {
    for (const uri of [
      'mongodb://h',
      'mongodb://h/',
      'mongodb+srv://h/db?tls=true&authMechanism=MONGODB-X509',
    ]) {
      assert.equal(withoutOverridden(uri), uri);
    }
    assert.equal(withoutOverridden('mongodb://h/?W=1'), 'mongodb://h/');
    assert.equal(withoutOverridden('mongodb://h/?W=1&replicaSet=a&j=true'), 'mongodb://h/?replicaSet=a');
  });

  test('a hostile URI does not change how commands are sent', async () => {
    const { mongodb } = stackFromEnvironment();
    await using target = await openTarget(mongodb, undefined, { uri: `${mongodb}&${HOSTILE}` });
    const { inserted } = await target.sink.write([upsert()], new AbortController().signal);
    assert.equal(inserted, 1);
    assert.equal((await target.documents()).length, 1);
  });
});
