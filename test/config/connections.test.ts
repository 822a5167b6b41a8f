import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { configuration, configurationFrom, mistakesIn } from './builders.js';
import { PEMS } from './pems.js';

const kafka = (settings: string): string => configuration({ kafka: `{ brokers: [h:1], ${settings} }` });

const FILES = {
  ...PEMS,
  truncated: PEMS.cert.slice(0, 200),
  damaged: PEMS.cert.replace(/[A-Za-z]{20}/, 'AAAAAAAAAAAAAAAAAAAA'),
  damagedKey: PEMS.key.replace(/\n[A-Za-z0-9+/]{20}/, '\nAAAAAAAAAAAAAAAAAAAA'),
  text: 'not a PEM file',
  bundle: `# the authorities of two companies\n${PEMS.ca}\n${PEMS.cert}`,
  p: 'secret\n',
  wrong: 'another',
};

const PEM_MISTAKES: readonly { rule: string; ssl: string; mistake: RegExp }[] = [
  {
    rule: 'a text in place of a certificate',
    ssl: '{ ca: text }',
    mistake: /kafka\.ssl\.ca: holds no certificate in PEM/,
  },
  {
    rule: 'a key in place of a certificate',
    ssl: '{ ca: key }',
    mistake: /kafka\.ssl\.ca: holds no certificate in PEM/,
  },
  {
    rule: 'a certificate that ends in the middle',
    ssl: '{ ca: truncated }',
    mistake: /kafka\.ssl\.ca: holds no certificate in PEM/,
  },
  {
    rule: 'a certificate with other bytes in it',
    ssl: '{ cert: damaged, key: key }',
    mistake: /kafka\.ssl\.cert: holds a certificate that is damaged/,
  },
  {
    rule: 'a certificate in place of a key',
    ssl: '{ cert: cert, key: cert }',
    mistake: /kafka\.ssl\.key: holds no private key in PEM/,
  },
  {
    rule: 'a key with other bytes in it',
    ssl: '{ cert: cert, key: damagedKey }',
    mistake: /kafka\.ssl\.key: holds a private key that is damaged/,
  },
  {
    rule: 'the key of another certificate',
    ssl: '{ cert: cert, key: otherKey }',
    mistake: /kafka\.ssl\.key: is not the private key of the certificate in cert/,
  },
  {
    rule: 'an encrypted key without a passphrase',
    ssl: '{ cert: cert, key: encrypted }',
    mistake: /kafka\.ssl\.key: is encrypted: set passphrase or passphraseFile/,
  },
  {
    rule: 'an encrypted key with another passphrase',
    ssl: '{ cert: cert, key: encrypted, passphraseFile: wrong }',
    mistake: /kafka\.ssl\.key: can't be read with this passphrase/,
  },
  {
    rule: 'a file that is not there',
    ssl: '{ ca: gone }',
    mistake: /kafka\.ssl\.ca: cannot be read: there is no such file/,
  },
];

describe('files of TLS that can not be used are refused before anything is connected to', () => {
  for (const { rule, ssl, mistake } of PEM_MISTAKES) {
    test(rule, () => {
      const mistakes = mistakesIn(kafka(`ssl: ${ssl}`), { files: FILES });
      assert.equal(mistakes.length, 1, mistakes.join('\n'));
      assert.match(mistakes[0] ?? '', mistake);
    });
  }

  test('several certificates in a file and an encrypted key with its passphrase are fine', () => {
    const ssl = 'ssl: { ca: bundle, cert: cert, key: encrypted, passphraseFile: p }';
    assert.equal(configurationFrom(kafka(ssl), { files: FILES }).settings.kafka.ssl?.passphrase, 'secret');
  });
});

describe("files that MongoDB's connection string names", () => {
  const files = {
    '/ca': PEMS.ca,
    '/pair': `${PEMS.key}\n${PEMS.cert}`,
    '/secret pair': `${PEMS.cert}\n${PEMS.encrypted}`,
    '/mixed': `${PEMS.otherKey}\n${PEMS.cert}`,
    '/text': 'not a PEM file',
    '/key': PEMS.key,
  };
  const from = (options: string) =>
    configuration({ mongodb: `{ uri: 'mongodb://u:hunter2@h/?tls=true&${options}', database: shop }` });

  test('are fine where they hold what they are named for', () => {
    const pair = 'tlsCertificateKeyFile=%2Fsecret+pair&tlsCertificateKeyFilePassword=secret'.replace(
      '+',
      '%20',
    );
    assert.deepEqual(mistakesIn(from(`tlsCAFile=/ca&tlsCertificateKeyFile=/pair`), { files }), []);
    assert.deepEqual(mistakesIn(from(`tlscafile=%2Fca&${pair}`), { files }), []);
  });

  test('options that switch off checks of certificates are refused, and fine where they do not', () => {
    for (const option of ['tlsInsecure', 'tlsAllowInvalidCertificates', 'tlsAllowInvalidHostnames']) {
      const [mistake, ...others] = mistakesIn(from(`${option.toUpperCase()}=true`), { files });
      assert.match(
        mistake ?? '',
        new RegExp(`mongodb\\.uri: ${option} is not allowed: .*mongodb\\.ssl\\.ca`),
      );
      assert.deepEqual(others, []);
      assert.deepEqual(mistakesIn(from(`${option}=false`), { files }), []);
    }
  });

  const MISTAKES: readonly { rule: string; options: string; mistake: RegExp }[] = [
    {
      rule: 'a CA file that is not there',
      options: 'tlsCAFile=/gone',
      mistake: /mongodb\.uri: tlsCAFile \/gone: cannot be read: there is no such file$/,
    },
    {
      rule: 'a CA file without a certificate, which the driver would take for none at all',
      options: 'tlsCAFile=/text',
      mistake: /mongodb\.uri: tlsCAFile \/text: holds no certificate in PEM/,
    },
    {
      rule: 'a key file that is not there',
      options: 'tlsCertificateKeyFile=/gone',
      mistake: /mongodb\.uri: tlsCertificateKeyFile \/gone: cannot be read/,
    },
    {
      rule: 'a key without its certificate',
      options: 'tlsCertificateKeyFile=/key',
      mistake: /tlsCertificateKeyFile \/key: holds no certificate in PEM/,
    },
    {
      rule: 'a certificate without its key',
      options: 'tlsCertificateKeyFile=/ca',
      mistake: /tlsCertificateKeyFile \/ca: holds no private key in PEM/,
    },
    {
      rule: 'the key of another certificate',
      options: 'tlsCertificateKeyFile=/mixed',
      mistake: /tlsCertificateKeyFile \/mixed: is not the private key of the certificate in the same file$/,
    },
    {
      rule: 'an encrypted key without its password',
      options: 'tlsCertificateKeyFile=/secret%20pair',
      mistake: /tlsCertificateKeyFile \/secret pair: is encrypted: set tlsCertificateKeyFilePassword$/,
    },
  ];
  for (const { rule, options, mistake } of MISTAKES) {
    test(`are refused before anything is connected to: ${rule}`, () => {
      const mistakes = mistakesIn(from(options), { files });
      assert.equal(mistakes.length, 1, mistakes.join('\n'));
      assert.match(mistakes[0] ?? '', mistake);
      assert.doesNotMatch(mistakes[0] ?? '', /hunter2/);
    });
  }

  test('are warned of where everybody can read the key, as mongodb.ssl.key is', () => {
    const text = from('tlsCertificateKeyFile=/pair').replace(
      ', database',
      ', ssl: { cert: /cert, key: /key }, database',
    );
    const { warnings } = configurationFrom(text, {
      files: { ...files, '/cert': PEMS.cert },
      worldReadable: ['/pair', '/key', '/cert'],
    });
    assert.deepEqual(
      warnings.map((warning) => warning.replace(/^\S+ /, '')),
      [
        'mongodb.uri: tlsCertificateKeyFile /pair: every user of this machine can read the file; chmod 600 it',
        'mongodb.ssl.key: every user of this machine can read the file; chmod 600 it',
      ],
    );
  });
});

const OAUTH = 'mechanism: oauthbearer, tokenEndpoint: "https://idp/token", clientId: drain';

describe('authentication at the brokers', () => {
  test('by tokens has an endpoint, a client and its secret; scope, extensions and authorities where they are needed', () => {
    const sasl = `sasl: { ${OAUTH}, clientSecretFile: p, scope: kafka read, extensions: { logicalCluster: lkc-1 }, ssl: { ca: ca } }`;
    const { settings } = configurationFrom(kafka(`ssl: true, ${sasl}`), { files: FILES });
    assert.deepEqual(settings.kafka.sasl, {
      mechanism: 'oauthbearer',
      tokenEndpoint: 'https://idp/token',
      clientId: 'drain',
      clientSecret: 'secret',
      scope: 'kafka read',
      extensions: { logicalCluster: 'lkc-1' },
      tls: { ca: PEMS.ca, cert: null, key: null, passphrase: null },
    });
  });

  test('sends passwords and tokens over plaintext only where that is allowed explicitly', () => {
    for (const sasl of ['mechanism: plain, username: u, password: p', `${OAUTH}, clientSecret: s`]) {
      const [refused = ''] = mistakesIn(kafka(`sasl: { ${sasl} }`));
      assert.match(refused, /needs TLS: set kafka\.ssl, or, .* kafka\.sasl\.allowPlaintext: true$/);
      assert.deepEqual(mistakesIn(kafka(`sasl: { ${sasl}, allowPlaintext: true }`)), []);
    }
    assert.deepEqual(mistakesIn(kafka('sasl: { mechanism: scram-sha-256, username: u, password: p }')), []);
  });

  const MISTAKES: readonly { rule: string; sasl: string; mistake: RegExp }[] = [
    {
      rule: 'a password without a user',
      sasl: '{ mechanism: scram-sha-512, password: p }',
      mistake: /kafka\.sasl\.username: missing/,
    },
    {
      rule: 'a secret that would be sent readable to another machine',
      sasl: `{ ${OAUTH.replace('https:', 'http:')}, clientSecret: s }`,
      mistake: /kafka\.sasl\.tokenEndpoint: http sends the secret readable to another machine: use https$/,
    },
    {
      rule: 'tokens without a client',
      sasl: '{ mechanism: oauthbearer, tokenEndpoint: "https://idp", clientSecret: s }',
      mistake: /kafka\.sasl\.clientId: missing/,
    },
    {
      rule: 'tokens without a secret',
      sasl: `{ ${OAUTH} }`,
      mistake: /kafka\.sasl\.clientSecret: missing; expected clientSecret or clientSecretFile/,
    },
    {
      rule: 'a user beside tokens',
      sasl: `{ ${OAUTH}, clientSecret: s, username: u }`,
      mistake: /kafka\.sasl\.username: isn't for the mechanism oauthbearer/,
    },
    {
      rule: 'a scope beside a password',
      sasl: '{ mechanism: scram-sha-512, username: u, password: p, scope: s }',
      mistake: /kafka\.sasl\.scope: isn't for the mechanism scram-sha-512/,
    },
  ];
  for (const { rule, sasl, mistake } of MISTAKES) {
    test(`refuses ${rule}`, () => {
      const mistakes = mistakesIn(kafka(`ssl: true, sasl: ${sasl}`));
      assert.equal(mistakes.length, 1, mistakes.join('\n'));
      assert.match(mistakes[0] ?? '', mistake);
    });
  }
});

describe('what a configuration says of the servers can be had anew', () => {
  const text = configuration({
    kafka:
      '{ brokers: [h:1], ssl: { ca: ca, cert: cert, key: key }, sasl: { mechanism: plain, username: "${KAFKA_USER}", passwordFile: p } }',
    mongodb: '{ uriFile: uri, database: shop, ssl: { ca: ca } }',
  });
  const environment = { KAFKA_USER_FILE: 'user' };

  test('with the files as they are by then: certificates, keys, passwords, URIs and files named by the environment', () => {
    const files: Record<string, string> = { ...PEMS, p: 'old', user: 'one', uri: 'mongodb://one' };
    const { connections, settings } = configurationFrom(text, { files, environment });
    assert.deepEqual(connections(), {
      kafka: settings.kafka,
      mongodb: settings.mongodb,
      schemaRegistry: null,
    });
    Object.assign(files, { p: 'new', user: 'two', uri: 'mongodb://two', ca: PEMS.cert });
    const { kafka: rotated, mongodb } = connections();
    assert.deepEqual(rotated.sasl, { mechanism: 'plain', username: 'two', password: 'new' });
    assert.equal(rotated.ssl?.ca, PEMS.cert);
    assert.deepEqual([mongodb.uri, mongodb.tls?.ca], ['mongodb://two', PEMS.cert]);
    assert.equal(settings.mongodb.uri, 'mongodb://one');
  });

  test('and is refused where a file is gone or spoilt, with its place', () => {
    const files: Record<string, string> = { ...PEMS, p: 'old', user: 'one', uri: 'mongodb://one' };
    const { connections } = configurationFrom(text, { files, environment });
    files['cert'] = 'half a fi';
    assert.throws(connections, {
      code: 'CONFIG_INVALID',
      message: /drain\.yaml:1:\d+ kafka\.ssl\.cert: holds no certificate/,
    });
  });
});
