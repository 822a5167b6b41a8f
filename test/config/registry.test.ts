import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SchemaRegistrySettings } from '../../src/config/settings.js';
import { configuration, configurationFrom, messageFor, mistakesIn, type Surroundings } from './builders.js';
import { PEMS } from './pems.js';

function text(schemaRegistry: string | null, orders = '{ topic: orders, value: avro }'): string {
  const section = schemaRegistry === null ? '' : `schemaRegistry: ${schemaRegistry}\n`;
  return section + configuration({ orders });
}

function registryFrom(section: string, surroundings: Surroundings = {}): SchemaRegistrySettings | null {
  return configurationFrom(text(section), surroundings).settings.schemaRegistry;
}

const MISTAKES: readonly { rule: string; section: string | null; orders?: string; mistake: RegExp }[] = [
  {
    rule: 'values by a schema need a registry',
    section: null,
    mistake: /pipelines\.orders\.value: "avro": needs a schema registry: set schemaRegistry\.url$/,
  },
  {
    rule: 'keys by a schema need a registry',
    section: null,
    orders: '{ topic: orders, keyFormat: protobuf }',
    mistake: /pipelines\.orders\.keyFormat: "protobuf": needs a schema registry/,
  },
  {
    rule: 'an address is one of HTTP',
    section: '{ url: "registry:8081" }',
    mistake: /url: .*begins with http/,
  },
  {
    rule: 'an address has no credentials in it, and they are not shown',
    section: '{ url: "https://me:secret@registry" }',
    mistake: /url: (?!.*secret).*without user name/,
  },
  {
    rule: 'a password goes to other machines by https only',
    section: '{ url: "http://registry:8081", username: me, password: secret }',
    mistake: /url: "http:\/\/registry:8081": http sends the password readable/,
  },
  {
    rule: 'a password needs a user',
    section: '{ url: "https://r", password: secret }',
    mistake: /password: needs username/,
  },
  {
    rule: 'a user needs a password',
    section: '{ url: "https://r", username: me }',
    mistake: /password: missing/,
  },
  {
    rule: 'dates are fields, and texts have none',
    section: '{ url: "https://r" }',
    orders: '{ topic: orders, value: bytes, dates: [a] }',
    mistake: /dates: bytes values have no fields/,
  },
];

describe('the schema registry', () => {
  for (const { rule, section, orders, mistake } of MISTAKES) {
    test(rule, () => {
      const mistakes = mistakesIn(text(section, orders));
      assert.equal(mistakes.length, 1, mistakes.join());
      assert.match(mistakes[0] ?? '', mistake);
    });
  }

  test('is not needed by other formats', () => {
    assert.equal(configurationFrom(configuration({})).settings.schemaRegistry, null);
  });

  test('has one address or several, without the slash at their end', () => {
    assert.deepEqual(registryFrom('{ url: "http://registry:8081/" }'), {
      urls: ['http://registry:8081'],
      auth: null,
      tls: null,
    });
    assert.deepEqual(registryFrom('{ url: ["https://a/apis/ccompat/v7", "https://b"] }')?.urls, [
      'https://a/apis/ccompat/v7',
      'https://b',
    ]);
  });

  test('takes certificates and the password from files', () => {
    const files = { ...PEMS, secret: 'hidden\n' };
    const ssl = 'ssl: { ca: ca, cert: cert, key: key }';
    const section = `{ url: "https://r", username: me, passwordFile: secret, ${ssl} }`;
    const { auth, tls } = registryFrom(section, { files }) ?? {};
    assert.deepEqual(auth, { username: 'me', password: 'hidden' });
    assert.deepEqual(tls, { ca: PEMS.ca, cert: PEMS.cert, key: PEMS.key, passphrase: null });
  });

  test('may have a password over http on this machine', () => {
    for (const url of ['http://localhost:8081', 'http://127.0.0.1:8081/x', 'http://[::1]:8081'])
      assert.ok(registryFrom(`{ url: "${url}", username: me, password: secret }`)?.auth);
    assert.notEqual(
      messageFor(text('{ url: "http://localhost.example", username: me, password: secret }')),
      '',
    );
  });

  test('never has its password in a mistake', () => {
    const message = messageFor(text('{ url: "https://r", username: me, password: [hidden] }'));
    assert.doesNotMatch(message, /hidden/);
  });
});
