import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { SecuredKafka } from '../support/secured-kafka.js';
import { fromStart, startConsuming, untilTrue } from './consuming.js';
import { GROUP, openSecuredWorld, TOPIC, type SecuredWorld } from './secured-world.js';

let world: SecuredWorld;
let kafka: SecuredKafka;
before(async () => {
  world = await openSecuredWorld();
  ({ kafka } = world);
});
after(() => world[Symbol.asyncDispose]());

describe('a missing right is named', () => {
  test('that of the topic', async () => {
    await world.createTopic('secret-topic');
    const error = await world.failureAt('sasl', world.scram(), { topic: 'secret-topic' });
    assert.equal(error.code, 'KAFKA_REFUSED', error.message);
    assert.match(error.message, /no right to read topic secret-topic: allow Read and Describe on it/);
  });
  test('that of the group', async () => {
    const error = await world.failureAt('sasl', world.scram(), { group: 'others' });
    assert.equal(error.code, 'KAFKA_REFUSED', error.message);
    assert.match(error.message, /no right to use consumer group others: allow Read and Describe on it/);
  });
});

describe('in the middle of reading', () => {
  /** Read on after the only record. */
  const beyond = new Map([[0, 2n]]);
  test('a right that is taken away ends it, and is named', async () => {
    const group = `${GROUP}-revoked`;
    const source = world.sourceAt('sasl', world.scram(), { group });
    const right = ['--allow-principal', 'User:drain', '--operation', 'Read', '--topic', TOPIC];
    const consuming = startConsuming(source, fromStart(TOPIC, 1), { ends: beyond });
    try {
      await untilTrue('the record was read', () => consuming.values(0).length === 1);
      await kafka.acls('--remove', '--force', ...right);
      await assert.rejects(consuming.ended, {
        code: 'KAFKA_REFUSED',
        message: /no right to read topic orders: allow Read and Describe on it/,
      });
    } finally {
      await kafka.acls('--add', ...right);
      await source.close();
    }
  });

  test('a user that is removed is refused by the next connection, by name', async () => {
    const source = world.sourceAt('sasl', world.scram(), { group: `${GROUP}-removed` });
    await source.inspect();
    await source.close();
    await kafka.configs(
      ...['--alter', '--entity-type', 'users', '--entity-name', 'drain'],
      ...['--delete-config', 'SCRAM-SHA-256'],
    );
    const error = await world.failureAt('sasl', world.scram());
    assert.equal(error.code, 'KAFKA_REFUSED');
    assert.match(error.message, /the password of user "drain" was not accepted, or there is no such user/);
  });

  test('tokens are renewed for connections that outlive them', async () => {
    kafka.tokens.setLifetime(15);
    const given = kafka.tokens.given();
    const source = world.sourceAt(
      'sasl',
      { ssl: world.trusting(), sasl: world.oauth() },
      { group: `${GROUP}-renewing` },
    );
    const consuming = startConsuming(source, fromStart(TOPIC, 1), { ends: beyond });
    try {
      // three connections, and each of them again
      await untilTrue('connections were renewed', () => kafka.tokens.given() >= given + 8);
      assert.deepEqual(consuming.values(0), ['v']);
      await consuming.stop();
    } finally {
      kafka.tokens.setLifetime(3_600);
      await source.close();
    }
  });
});
