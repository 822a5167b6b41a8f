import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { configuration, configurationFrom, messageFor, type Surroundings } from './builders.js';
import { PEMS } from './pems.js';

const SECRET = 'hunter2';

interface Case {
  rule: string;
  text: string;
  surroundings?: Surroundings;
}

const kafka = (settings: string): string => configuration({ kafka: `{ brokers: [h:1], ${settings} }` });

const CASES: Case[] = [
  {
    rule: 'a URI of the wrong scheme',
    text: configuration({ mongodb: `{ uri: 'http://u:${SECRET}@h', database: d }` }),
  },
  { rule: 'a URI in place of the section', text: configuration({ mongodb: `mongodb://u:${SECRET}@h` }) },
  {
    rule: 'a URI in place of the database',
    text: configuration({ mongodb: `{ uri: mongodb://h, database: 'mongodb://u:${SECRET}@h/x' }` }),
  },
  { rule: 'a URI in place of a broker', text: configuration({ kafka: `{ brokers: ['u:${SECRET}@h:1'] }` }) },
  {
    rule: 'a misspelt key with a password',
    text: kafka(`sasl: { mechanism: scram-sha-256, username: u, passwrod: ${SECRET} }`),
  },
  {
    rule: 'a password that is a number',
    text: kafka(`sasl: { mechanism: scram-sha-256, username: u, password: 12345 }`),
  },
  { rule: 'a password in place of the mapping', text: kafka(`sasl: ${SECRET}`) },
  {
    rule: 'a password as the mechanism',
    text: kafka(`sasl: { mechanism: ${SECRET}, username: u, password: p }`),
  },
  {
    rule: 'a passphrase beside an unreadable key',
    text: kafka(`ssl: { cert: a, key: b, passphrase: ${SECRET} }`),
  },
  {
    rule: 'a password that YAML takes for an alias',
    text: kafka(`sasl: { mechanism: plain, username: u, password: *${SECRET} }`),
  },
  {
    rule: 'a password that YAML takes for a tag',
    text: kafka(`sasl: { mechanism: plain, username: u, password: !${SECRET} }`),
  },
  {
    rule: 'a password with an open quote',
    text: kafka(`sasl: { mechanism: plain, username: u, password: "${SECRET} }`),
  },
  {
    rule: 'a password beginning with @',
    text: kafka(`sasl: { mechanism: plain, username: u, password: @${SECRET} }`),
  },
  {
    rule: 'a password with a brace',
    text: kafka(`sasl: { mechanism: plain, username: u, password: 'x\${${SECRET}' }`),
  },
  {
    rule: 'a value from the environment in the wrong place',
    text: configuration({ orders: "{ topic: '${T}' }" }),
    surroundings: { environment: { T: `${SECRET} ` } },
  },
  {
    rule: 'a value from a file in the wrong place',
    text: configuration({ orders: "{ topic: '${T}' }" }),
    surroundings: { environment: { T_FILE: 'f' }, files: { f: `${SECRET} ` } },
  },
];

describe('a refused configuration never shows a secret', () => {
  for (const { rule, text, surroundings } of CASES) {
    test(rule, () => {
      const message = messageFor(text, surroundings);
      assert.match(message, /mistake/);
      assert.ok(!message.includes(SECRET) && !message.includes('12345'), message);
    });
  }
});

describe('a file with a secret', () => {
  const files = { ca: PEMS.ca, c: PEMS.cert, k: PEMS.encrypted, p: 'secret' };
  const text = configuration({
    kafka: '{ brokers: [h:1], ssl: { ca: ca, cert: c, key: k, passphraseFile: p } }',
  });

  test('that everybody can read is warned of', () => {
    const { warnings } = configurationFrom(text, { files, worldReadable: ['ca', 'c', 'k', 'p'] });
    assert.deepEqual(warnings, [
      'drain.yaml:1:55 kafka.ssl.key: every user of this machine can read the file; chmod 600 it',
      'drain.yaml:1:74 kafka.ssl.passphraseFile: every user of this machine can read the file; chmod 600 it',
    ]);
  });

  test('that only its owner can read is fine', () => {
    assert.deepEqual(configurationFrom(text, { files }).warnings, []);
  });

  test('that a variable names and everybody can read is warned of wherever the variable stands', () => {
    const named = configuration({
      kafka: "{ brokers: [h:1], sasl: { mechanism: scram-sha-256, username: '${P}', password: '${P}${P}' } }",
    });
    const surroundings = { environment: { P_FILE: 'p' }, files: { p: 'secret' }, worldReadable: ['p'] };
    const text = 'P_FILE: every user of this machine can read the file; chmod 600 it';
    const { warnings } = configurationFrom(named, surroundings);
    assert.deepEqual(
      warnings.map((line) => line.slice(line.indexOf('P_FILE'))),
      [text, text],
    );
  });

  test('that is replaced by one that everybody can read is warned of once, by the next run', () => {
    const worldReadable: string[] = [];
    const { connections, warnings } = configurationFrom(text, { files, worldReadable });
    const read = () => {
      const told: string[] = [];
      connections((warning) => told.push(warning));
      return told;
    };
    assert.deepEqual([warnings, read()], [[], []]);
    worldReadable.push('k');
    assert.deepEqual(read(), [
      'drain.yaml:1:55 kafka.ssl.key: every user of this machine can read the file; chmod 600 it',
    ]);
    assert.deepEqual(read(), []);
    worldReadable.pop();
    assert.deepEqual(read(), []);
    worldReadable.push('k');
    assert.equal(read().length, 1);
  });

  test('that was warned of at the start is not warned of again by every run', () => {
    const { connections } = configurationFrom(text, { files, worldReadable: ['k'] });
    connections((warning) => assert.fail(warning));
  });
});

describe('a configuration that everybody can read', () => {
  const warningsOf = (text: string, worldReadable = ['drain.yaml']) =>
    configurationFrom(text, { environment: { P: SECRET }, worldReadable }).warnings;
  const sasl = (password: string) =>
    kafka(`sasl: { mechanism: scram-sha-256, username: u, password: '${password}' }`);

  test('is warned of where a secret stands in it, which the warning never shows', () => {
    const text =
      'a secret stands in the configuration itself: every user of this machine can read the file; chmod 600 it, or keep the secret in a file of its own';
    assert.deepEqual(warningsOf(sasl(SECRET)), [`drain.yaml:1:83 kafka.sasl.password: ${text}`]);
    const mongodb = `{ uri: 'mongodb://u:${SECRET}@h', database: d }`;
    assert.deepEqual(warningsOf(configuration({ mongodb })), [`drain.yaml:2:17 mongodb.uri: ${text}`]);
  });

  test('is fine where secrets come from elsewhere, or there are none, or only its owner can read it', () => {
    const mongodb = "{ uri: 'mongodb://u:${P}@h', database: d }";
    for (const text of [sasl('${P}'), configuration({ mongodb }), configuration()])
      assert.deepEqual(warningsOf(text), []);
    assert.deepEqual(warningsOf(sasl(SECRET), []), []);
  });
});
