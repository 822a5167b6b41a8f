import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { checkKafka } from '../../src/commands/check-kafka.js';
import type { KafkaSettings } from '../../src/config/settings.js';
import { configuration, configurationFrom } from '../config/builders.js';
import { createAuthority, encryptedKey } from '../support/certificates.js';
import type { Door, SecuredKafka } from '../support/secured-kafka.js';
import { kafkaSettings } from './broker.js';
import { fromStart, startConsuming } from './consuming.js';
import { GROUP, openSecuredWorld, TOPIC, type SecuredWorld } from './secured-world.js';

let world: SecuredWorld;
let kafka: SecuredKafka;
before(async () => {
  world = await openSecuredWorld();
  ({ kafka } = world);
});
after(() => world[Symbol.asyncDispose]());

const trusting = () => world.trusting();
const withClient = () => world.withClient();
const oauth: SecuredWorld['oauth'] = (change) => world.oauth(change);

let groups = 0;

async function drains(door: Door, settings: Partial<KafkaSettings>): Promise<void> {
  groups += 1;
  const source = world.sourceAt(door, settings, { group: `${GROUP}-${String(groups)}` });
  try {
    const { partitions } = await source.inspect();
    assert.deepEqual(
      partitions.map(({ end }) => end),
      [1n],
    );
    const consuming = startConsuming(source, fromStart(TOPIC, 1), { ends: new Map([[0, 1n]]) });
    await consuming.drained();
    assert.deepEqual(consuming.values(0), ['v']);
  } finally {
    await source.close();
  }
}

describe('a topic is drained with the right to read topic and group alone', () => {
  test('by a client certificate', () => drains('mtls', { ssl: withClient() }));

  test('by a client certificate whose key has a passphrase', () =>
    drains('mtls', {
      ssl: { ...withClient(), key: encryptedKey(kafka.client.key, 'open'), passphrase: 'open' },
    }));

  for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
    test(`by ${mechanism} over TLS`, () =>
      drains('sasl', { ssl: trusting(), sasl: { mechanism, ...kafka.user } }));
  }

  test('by plain without TLS, where that was allowed', () =>
    drains('saslPlaintext', { sasl: { mechanism: 'plain', ...kafka.user } }));

  test('by oauthbearer over TLS, with one token for all connections', async () => {
    const given = kafka.tokens.given();
    await drains('sasl', { ssl: trusting(), sasl: oauth({ extensions: { traceId: 'abc' } }) });
    assert.equal(kafka.tokens.given(), given + 1);
  });
});

interface Refusal {
  rule: string;
  door: Door;
  settings: () => Partial<KafkaSettings> | Promise<Partial<KafkaSettings>>;
  code?: string;
  text: RegExp;
}

const REFUSALS: readonly Refusal[] = [
  {
    rule: 'a certificate of another authority',
    door: 'mtls',
    settings: async () => ({ ssl: { ...withClient(), ca: (await createAuthority()).cert } }),
    text: /its certificate is not signed by the CA in kafka\.ssl\.ca/,
  },
  {
    rule: 'no authority of our own, where the certificate is that of a private one',
    door: 'tls',
    settings: () => ({ ssl: { ca: null, cert: null, key: null, passphrase: null } }),
    text: /its certificate is not signed by the CA in kafka\.ssl\.ca/,
  },
  {
    rule: 'an expired certificate',
    door: 'expired',
    settings: () => ({ ssl: trusting() }),
    text: /its certificate has expired/,
  },
  {
    rule: 'a certificate for another host name',
    door: 'elsewhere',
    settings: () => ({ ssl: trusting() }),
    text: /its certificate is for another host name than the one in kafka\.brokers/,
  },
  {
    rule: 'no client certificate where one is wanted',
    door: 'mtls',
    settings: () => ({ ssl: trusting() }),
    text: /it wants a client certificate: set kafka\.ssl\.cert and kafka\.ssl\.key/,
  },
  {
    rule: 'a client certificate of another authority',
    door: 'mtls',
    settings: async () => {
      const other = await (await createAuthority('others')).issue({ name: 'drain-client' });
      return { ssl: { ...trusting(), cert: other.cert, key: other.key } };
    },
    text: /it does not accept the client certificate in kafka\.ssl\.cert/,
  },
  {
    rule: 'a client certificate that has expired',
    door: 'mtls',
    settings: async () => {
      const { cert, key } = await kafka.authority.issue({ name: 'drain-client', expired: true });
      return { ssl: { ...trusting(), cert, key } };
    },
    text: /the client certificate in kafka\.ssl\.cert expired on /,
  },
  {
    rule: 'plaintext to a TLS port',
    door: 'tls',
    settings: () => ({}),
    code: 'KAFKA_UNAVAILABLE',
    text: /If this port expects TLS, set kafka\.ssl/,
  },
  {
    rule: 'TLS to a plaintext port',
    door: 'saslPlaintext',
    settings: () => ({ ssl: trusting(), sasl: { mechanism: 'plain', ...kafka.user } }),
    code: 'KAFKA_UNAVAILABLE',
    text: /remove kafka\.ssl/,
  },
  ...(['plain', 'scram-sha-256', 'scram-sha-512'] as const).map((mechanism) => ({
    rule: `a wrong password by ${mechanism}`,
    door: 'sasl' as const,
    settings: () => ({ ssl: trusting(), sasl: { mechanism, ...kafka.user, password: 'not-this' } }),
    text: /the password of user "drain" was not accepted, or there is no such user: check kafka\.sasl/,
  })),
  {
    rule: 'no authentication where it is wanted',
    door: 'sasl',
    settings: () => ({ ssl: trusting() }),
    code: 'KAFKA_UNAVAILABLE',
    text: /If this port expects SASL, set kafka\.sasl/,
  },
  {
    rule: 'a wrong secret of the client',
    door: 'sasl',
    settings: () => ({ ssl: trusting(), sasl: oauth({ clientSecret: 'not-this' }) }),
    text: /The token endpoint https:\S+ refused: invalid_client for client id "drain-client"; check kafka\.sasl\.clientId/,
  },
  {
    rule: 'a scope that is not given',
    door: 'sasl',
    settings: () => ({ ssl: trusting(), sasl: oauth({ scope: 'unknown' }) }),
    text: /refused: invalid_scope for client id/,
  },
  {
    rule: 'a token endpoint of another authority',
    door: 'sasl',
    settings: async () => ({
      ssl: trusting(),
      sasl: oauth({ tls: { ...trusting(), ca: (await createAuthority()).cert } }),
    }),
    text: /The token endpoint https:\S+ refused: its certificate is not signed by the CA in kafka\.sasl\.ssl\.ca/,
  },
];

const SETTINGS = configurationFrom(
  configuration({ orders: `{ topic: ${TOPIC}, group: ${GROUP} }` }),
).settings;

describe('is refused with peer, cause and remedy, and without the secret:', () => {
  for (const { rule, door, settings, code = 'KAFKA_REFUSED', text } of REFUSALS) {
    test(rule, async () => {
      const used = await settings();
      const [error, findings] = await Promise.all([
        world.failureAt(door, used),
        checkKafka({ ...SETTINGS, kafka: kafkaSettings([kafka.addresses[door]], used) }),
      ]);
      assert.deepEqual(
        findings.map(({ state, text: found }) => [state, found]),
        [['failed', `${error.code}: ${error.message}`]],
        'check says the same',
      );
      assert.equal(error.code, code, error.message);
      assert.match(error.message, text);
      assert.ok(/127\.0\.0\.1:\d+/.test(error.message), error.message);
      assert.doesNotMatch(error.message, /not-this|broker-secret|client secret/);
    });
  }
});

describe('tokens', () => {
  const MODES = [
    ['stale', 'KAFKA_REFUSED', /does not accept the token of client id "drain-client" \(invalid_token\)/],
    ['foreign', 'KAFKA_REFUSED', /does not accept the token of client id "drain-client" \(invalid_token\)/],
    ['busy', 'KAFKA_UNAVAILABLE', /The token endpoint \S+ doesn't answer: HTTP 503/],
    ['silent', 'KAFKA_UNAVAILABLE', /The token endpoint \S+ doesn't answer: no answer within 10 s/],
    ['nonsense', 'KAFKA_REFUSED', /its answer is not that of a token endpoint/],
  ] as const;
  for (const [mode, code, text] of MODES) {
    test(`of an endpoint that is ${mode}: ${code}`, async () => {
      kafka.tokens.set(mode);
      try {
        const error = await world.failureAt('sasl', { ssl: trusting(), sasl: oauth() });
        assert.equal(error.code, code, error.message);
        assert.match(error.message, text);
      } finally {
        kafka.tokens.set('good');
      }
    });
  }
});
