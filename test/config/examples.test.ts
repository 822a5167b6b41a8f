import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { EXAMPLES } from '../../src/config/examples.js';
import { configKeys } from '../../src/config/reference.js';
import { messageFor } from './builders.js';
import { PEMS } from './pems.js';

type Mapping = Record<string, unknown>;

/** Keys that only have keys of their own. */
const CONTAINERS =
  /^(kafka|mongodb|worker|pipelines|schemaRegistry|schemaRegistry\.ssl|mongodb\.ssl|kafka\.sasl\.ssl)$|\.(recordLimits|sasl|deadLetters|schedule|limits)$/;

/** What an example can't be without, or instead of what it stands. */
const BESIDE: readonly (readonly [key: RegExp, set: Mapping, unset?: readonly string[]])[] = [
  [/^kafka\.ssl\.cert$/, { 'kafka.ssl.key': 'k' }],
  [/^mongodb\.ssl\.cert$/, { 'mongodb.ssl.key': 'k' }],
  [/^mongodb\.ssl\.(key|passphrase.*)$/, { 'mongodb.ssl.cert': 'c', 'mongodb.ssl.key': 'k' }],
  [/^kafka\.ssl\.(key|passphrase.*)$/, { 'kafka.ssl.cert': 'c', 'kafka.ssl.key': 'k' }],
  [/^kafka\.sasl\.mechanism$/, { 'kafka.sasl.username': 'u', 'kafka.sasl.password': 'p' }],
  [/^kafka\.sasl\.username$/, { 'kafka.sasl.mechanism': 'scram-sha-256', 'kafka.sasl.password': 'p' }],
  [/^kafka\.sasl\.password/, { 'kafka.sasl.mechanism': 'scram-sha-256', 'kafka.sasl.username': 'u' }],
  [
    /^kafka\.sasl\.(tokenEndpoint|clientId|clientSecret.*|scope|extensions|ssl\..*)$/,
    {
      'kafka.ssl': 'true',
      'kafka.sasl.mechanism': 'oauthbearer',
      'kafka.sasl.tokenEndpoint': 'https://t',
      'kafka.sasl.clientId': 'c',
      'kafka.sasl.clientSecret': 's',
    },
  ],
  [/^kafka\.sasl\.clientSecretFile$/, {}, ['kafka.sasl.clientSecret']],
  [/^kafka\.sasl\.ssl\.cert$/, { 'kafka.sasl.ssl.key': 'k' }],
  [/^kafka\.sasl\.ssl\.(key|passphrase.*)$/, { 'kafka.sasl.ssl.cert': 'c', 'kafka.sasl.ssl.key': 'k' }],
  [
    /^kafka\.sasl\.allowPlaintext$/,
    { 'kafka.sasl.mechanism': 'plain', 'kafka.sasl.username': 'u', 'kafka.sasl.password': 'p' },
  ],
  [/^schemaRegistry\./, { 'schemaRegistry.url': 'https://r' }],
  [/^schemaRegistry\.username$/, { 'schemaRegistry.password': 'p' }],
  [/^schemaRegistry\.password/, { 'schemaRegistry.username': 'u' }],
  [/^schemaRegistry\.ssl\.cert$/, { 'schemaRegistry.ssl.key': 'k' }],
  [
    /^schemaRegistry\.ssl\.(key|passphrase.*)$/,
    { 'schemaRegistry.ssl.cert': 'c', 'schemaRegistry.ssl.key': 'k' },
  ],
  [/^mongodb\.uriFile$/, {}, ['mongodb.uri']],
  [/\.(topics|topicPattern)$/, { 'pipelines.orders.version': 'timestamp' }, ['pipelines.orders.topic']],
  [
    /\.(cron|timezone)$/,
    { 'pipelines.orders.limits.budget': '1m', 'pipelines.orders.limits.startToClose': '2m' },
  ],
  [/\.timezone$/, { 'pipelines.orders.schedule.cron': '0 3 * * *' }],
  [/\.envelope$/, { 'pipelines.orders.documentId.keyField': 'id' }],
  [/\.version\.field$/, { 'pipelines.orders.deletes': 'ignore' }],
  [/\.idleTimeout$/, { 'pipelines.orders.until': 'idle' }],
];

function set(config: Mapping, path: string, value: unknown): void {
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let holder = config;
  for (const key of keys) holder = (holder[key] ??= {}) as Mapping;
  if (value === undefined) Reflect.deleteProperty(holder, last);
  else holder[last] = value;
}

function configurationWith(key: string, example: string): string {
  const config = parse(
    'kafka: { brokers: [b:1] }\nmongodb: { uri: mongodb://h, database: d }\npipelines: { orders: { topic: t } }',
  ) as Mapping;
  for (const [concerned, beside, instead = []] of BESIDE) {
    if (!concerned.test(key)) continue;
    for (const [path, value] of Object.entries(beside)) set(config, path, value);
    for (const path of instead) set(config, path, undefined);
  }
  set(config, key.replace('<name>', 'orders'), parse(example));
  return stringify(config);
}

describe('the example of a key', () => {
  test('is there for every key that takes a value, and for no other', () => {
    const keys = configKeys().filter((key) => !CONTAINERS.test(key));
    assert.deepEqual(Object.keys(EXAMPLES).sort(), [...new Set(keys)].sort());
  });

  const contentOf = (path: string): string => {
    if (/^(k$|.*\.key$)/.test(path)) return PEMS.key;
    if (/^(c$|.*client\.pem$)/.test(path)) return PEMS.cert;
    return path.endsWith('ca.pem') ? PEMS.ca : 'content';
  };
  const file = (path: string) => [path, contentOf(path)] as const;
  const files = Object.fromEntries(Object.values(EXAMPLES).concat('k', 'c').map(file));
  const environment = {
    ...{ KEY_PASSPHRASE: 'p', KAFKA_PASSWORD: 'p', REGISTRY_PASSWORD: 'p', KAFKA_CLIENT_SECRET: 's' },
  };
  for (const [key, example] of Object.entries(EXAMPLES))
    test(`can be written as it is: ${key}: ${example}`, () => {
      assert.equal(messageFor(configurationWith(key, example), { files, environment }), '');
    });
});
