import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DrainError } from '../../src/errors.js';
import { classify, groupInUse, type Place } from '../../src/kafka/errors.js';
import { kafkaSettings } from './broker.js';

const plain: Place = {
  kafka: kafkaSettings(['broker-1:9092', 'broker-2:9092']),
  topic: 'orders',
  group: 'drain-orders',
};
const ssl = { ca: null, cert: null, key: null, passphrase: null };
const tls: Place = { ...plain, kafka: kafkaSettings(['broker-1:9093'], { ssl }) };

/** As kafkajs throws it: the real reason is somewhere down the causes. */
function wrapped(fields: object, message = 'inner'): Error {
  const inner = Object.assign(new Error(message), fields);
  return Object.assign(new Error('outer', { cause: inner }), { name: 'KafkaJSNumberOfRetriesExceeded' });
}

function classified(fields: object, message?: string, place = plain): [string, string] {
  const error = classify(wrapped(fields, message), place);
  assert.ok(error instanceof DrainError);
  return [error.code, error.message];
}

const CASES: [title: string, fields: object, code: string, says: RegExp][] = [
  ['a missing topic', { type: 'UNKNOWN_TOPIC_OR_PARTITION' }, 'TOPIC_NOT_FOUND', /orders .*broker-1:9092/],
  ['no right to the topic', { type: 'TOPIC_AUTHORIZATION_FAILED' }, 'KAFKA_REFUSED', /Read and Describe/],
  ['no right to the group', { type: 'GROUP_AUTHORIZATION_FAILED' }, 'KAFKA_REFUSED', /drain-orders/],
  ['another protocol in the group', { type: 'INCONSISTENT_GROUP_PROTOCOL' }, 'GROUP_IN_USE', /drain-orders/],
  ['a lost membership', { type: 'UNKNOWN_MEMBER_ID' }, 'FENCED', /not committed/],
  ['a SASL mechanism not offered', { type: 'UNSUPPORTED_SASL_MECHANISM' }, 'KAFKA_REFUSED', /mechanism/],
  ['SASL on a port without', { type: 'ILLEGAL_SASL_STATE' }, 'KAFKA_REFUSED', /remove kafka\.sasl/],
  ['an unknown codec', { name: 'CodecError' }, 'UNSUPPORTED_CODEC', /topic orders/],
  [
    'an unknown CA',
    { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', broker: 'b:1' },
    'KAFKA_REFUSED',
    /b:1 .*kafka\.ssl\.ca/,
  ],
  ['another host', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'KAFKA_REFUSED', /host name/],
  [
    'no client certificate',
    { code: 'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE' },
    'KAFKA_REFUSED',
    /kafka\.ssl\.cert/,
  ],
  ['a lost connection', { name: 'KafkaJSConnectionError', broker: 'b:1' }, 'KAFKA_UNAVAILABLE', /b:1/],
  [
    'a coordinator being elected',
    { type: 'GROUP_COORDINATOR_NOT_AVAILABLE' },
    'KAFKA_UNAVAILABLE',
    /broker-1/,
  ],
  ['a passing refusal', { type: 'REPLICA_NOT_AVAILABLE', retriable: true }, 'KAFKA_UNAVAILABLE', /inner/],
  [
    'a lasting refusal',
    { type: 'INVALID_SESSION_TIMEOUT', retriable: false },
    'KAFKA_REFUSED',
    /INVALID_SESSION/,
  ],
];

for (const [title, fields, code, says] of CASES) {
  test(`${title} is ${code}, wherever in the causes it stands`, () => {
    const [actual, message] = classified(fields);
    assert.equal(actual, code);
    assert.match(message, says);
  });
}

const PASSING = [
  ...['UNKNOWN', 'BROKER_NOT_AVAILABLE', 'STALE_BROKER_EPOCH', 'REASSIGNMENT_IN_PROGRESS'],
  ...['GROUP_MAX_SIZE_REACHED', 'KAFKAJS_UNKNOWN_ERROR_CODE'],
];

for (const type of PASSING) {
  test(`${type} passes, though kafkajs takes it for final`, () => {
    assert.equal(classified({ type, retriable: false })[0], 'KAFKA_UNAVAILABLE');
  });
}

const AUTHENTICATIONS: [code: string, reason: string][] = [
  ['KAFKA_REFUSED', 'Authentication failed: Invalid username or password'],
  [
    'KAFKA_REFUSED',
    'Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-512',
  ],
  ['KAFKA_REFUSED', 'SASL Authentication failed'],
  ['KAFKA_REFUSED', 'invalid-proof'],
  ['KAFKA_REFUSED', 'unknown-user'],
  ['KAFKA_REFUSED', 'Invalid server signature in server final message'],
  ['KAFKA_UNAVAILABLE', 'Closed connection'],
  ['KAFKA_UNAVAILABLE', 'Connection closed by the server'],
  ['KAFKA_UNAVAILABLE', 'Connection error: read ECONNRESET'],
  ['KAFKA_UNAVAILABLE', 'Request SaslAuthenticate(key: 36, version: 1) timed out'],
  ['KAFKA_UNAVAILABLE', 'Not connected'],
  ['KAFKA_UNAVAILABLE', 'gave up waiting for Kafka while joining the group'],
  ['KAFKA_UNAVAILABLE', 'the source was closed'],
];

for (const [code, reason] of AUTHENTICATIONS) {
  test(`an authentication that ends with "${reason}" is ${code}`, () => {
    for (const mechanism of ['PLAIN', 'SCRAM SHA512']) {
      const text = `SASL ${mechanism} authentication failed: ${reason}`;
      const [actual, message] = classified({ name: 'KafkaJSSASLAuthenticationError' }, text);
      assert.equal(actual, code);
      assert.match(message, code === 'KAFKA_REFUSED' ? /check kafka\.sasl/ : /doesn't answer/);
    }
  });
}

test('a SASL mechanism that the server does not support is a refusal, and not one of the password', () => {
  const text = 'SASL PLAIN mechanism is not supported by the server';
  const [code, message] = classified({ name: 'KafkaJSSASLAuthenticationError' }, text);
  assert.equal(code, 'KAFKA_REFUSED');
  assert.match(message, /check kafka\.sasl\.mechanism/);
});

test('an error of ours is returned as it is, also as a cause', () => {
  const mine = new DrainError('FENCED', 'mine');
  assert.equal(classify(mine, plain), mine);
  assert.equal(classify(new Error('outer', { cause: mine }), plain), mine);
});

test('a key that does not belong to its certificate is said so', () => {
  const [code, message] = classified(
    { name: 'KafkaJSConnectionError' },
    'Failed to connect: key values mismatch',
    tls,
  );
  assert.deepEqual([code, message.includes('kafka.ssl.key does not belong')], ['KAFKA_REFUSED', true]);
});

test('a port that hangs up gets a hint at the other protocol', () => {
  const closed = { name: 'KafkaJSConnectionClosedError' };
  assert.match(classified(closed, 'Closed connection')[1], /set kafka\.ssl/);
  const reset = { name: 'KafkaJSConnectionError', code: 'ECONNRESET' };
  assert.match(classified(reset, 'read ECONNRESET', tls)[1], /remove kafka\.ssl/);
});

test('what nobody foresaw stays what it is', () => {
  const error = new TypeError('a defect');
  assert.equal(classify(error, plain), error);
});

test('the members in the way are named with their hosts', () => {
  const { code, message } = groupInUse('drain-orders', [{ clientId: 'celery', host: '10.0.0.7' }]);
  assert.equal(code, 'GROUP_IN_USE');
  assert.match(message, /celery on 10\.0\.0\.7/);
});
