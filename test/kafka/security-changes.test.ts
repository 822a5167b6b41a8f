import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { checkKafka } from '../../src/commands/check-kafka.js';
import { DrainError } from '../../src/errors.js';
import { configuration, configurationFrom } from '../config/builders.js';
import type { SecuredKafka } from '../support/secured-kafka.js';
import { kafkaSettings } from './broker.js';
import { fromStart, startConsuming, untilTrue } from './consuming.js';
import { GROUP, openSecuredWorld, TOPIC, type SecuredWorld } from './secured-world.js';

let world: SecuredWorld;
let kafka: SecuredKafka;
before(async () => {
  world = await openSecuredWorld();
  ({ kafka } = world);
});
after(() => world[Symbol.asyncDispose]());

/** Read on after the only record. */
const beyond = new Map([[0, 2n]]);

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

describe('check finds the right to read missing where all that it asks is allowed by Describe, in the words of a run', () => {
  const allow = (operation: string, ...resource: string[]) =>
    kafka.acls('--add', '--allow-principal', 'User:drain', '--operation', operation, ...resource);

  /** How the first run fails, and what check finds before it. */
  async function failuresAt(place: {
    topic: string;
    group: string;
  }): Promise<{ run: string; check: string }> {
    const source = world.sourceAt('sasl', world.scram(), place);
    await source.inspect();
    const consuming = startConsuming(source, fromStart(place.topic, 1), { ends: beyond });
    const run: unknown = await consuming.ended.catch((error: unknown) => error);
    await source.close();
    assert.ok(run instanceof DrainError, 'the run fails');
    return { run: `failed ${run.code}: ${run.message}`, check: (await checked(place)).join('\n') };
  }

  async function checked({ topic, group }: { topic: string; group: string }): Promise<string[]> {
    const orders = `{ topic: ${topic}, group: ${group} }`;
    const { settings } = configurationFrom(configuration({ orders }));
    const findings = await checkKafka({
      ...settings,
      kafka: kafkaSettings([kafka.addresses.sasl], world.scram()),
    });
    return findings.map(({ state, text }) => `${state} ${text}`);
  }

  test('of the topic', async () => {
    await world.createTopic('described');
    await allow('Describe', '--topic', 'described');
    const { run, check } = await failuresAt({ topic: 'described', group: `${GROUP}-described` });
    assert.match(run, /no right to read topic described: allow Read and Describe on it/);
    assert.equal(check, run);
  });

  test('of the group, which is not there yet', async () => {
    await allow('Describe', '--group', 'described');
    const { run, check } = await failuresAt({ topic: TOPIC, group: 'described' });
    assert.match(run, /no right to use consumer group described: allow Read and Describe on it/);
    assert.equal(check, run);
  });

  test('and Read on both is enough, on a group that is not there yet as on one that has members', async () => {
    const place = { topic: TOPIC, group: `${GROUP}-checked` };
    const states = async () => new Set((await checked(place)).map((text) => text.split(' ')[0]));
    assert.deepEqual(await states(), new Set(['ok']));
    const source = world.sourceAt('sasl', world.scram(), place);
    const consuming = startConsuming(source, fromStart(TOPIC, 1), { ends: beyond });
    await untilTrue('the record was read', () => consuming.values(0).length === 1);
    assert.deepEqual(await states(), new Set(['ok']));
    await consuming.stop();
    await source.close();
  });
});

describe('in the middle of reading', () => {
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
