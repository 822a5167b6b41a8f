import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkCertificates } from '../../src/commands/check-certificates.js';
import { configuration, configurationFrom } from '../config/builders.js';
import { createAuthority } from '../support/certificates.js';

test('client certificates that end are warned of, for each connection by name', async () => {
  const { cert, key } = await (await createAuthority()).issue({ name: 'client', expired: true });
  const ssl = 'ssl: { cert: c, key: k }';
  const tokens = `{ mechanism: oauthbearer, tokenEndpoint: 'https://h/t', clientId: c, clientSecret: s, ${ssl} }`;
  const text = configuration({
    kafka: `{ brokers: [h:1], ${ssl}, sasl: ${tokens} }`,
    mongodb: `{ uri: 'mongodb://h', database: d, ${ssl} }\nschemaRegistry: { url: 'https://h', ${ssl} }`,
  });
  const { settings } = configurationFrom(text, { files: { c: cert, k: key } });
  const findings = checkCertificates(settings);
  const named = (area: string, name: string) => [area, 'warning', `the certificate in ${name} expired on`];
  assert.deepEqual(
    findings.map(({ area, state, text: told }) => [area, state, told.replace(/ on .*/, ' on')]),
    [
      named('kafka', 'kafka.ssl.cert'),
      named('kafka', 'kafka.sasl.ssl.cert'),
      named('mongodb', 'mongodb.ssl.cert'),
      named('registry', 'schemaRegistry.ssl.cert'),
    ],
  );
});

test("that of the file in MongoDB's connection string is warned of by its option, unless mongodb.ssl has another", async () => {
  const authority = await createAuthority();
  const { cert, key } = await authority.issue({ name: 'client', endsSoon: true });
  const lasting = await authority.issue({ name: 'client' });
  const files = { '/pair': `${key}\n${cert}`, c: lasting.cert, k: lasting.key };
  const warningsOf = (ssl: string) => {
    const uri = 'mongodb://h/?tls=true&tlsCertificateKeyFile=/pair';
    const text = configuration({ mongodb: `{ uri: '${uri}', database: d${ssl} }` });
    return checkCertificates(configurationFrom(text, { files }).settings);
  };
  const [warning, ...others] = warningsOf(', ssl: {}');
  assert.deepEqual([warning?.area, warning?.state, others], ['mongodb', 'warning', []]);
  assert.match(
    warning?.text ?? '',
    /^the certificate in tlsCertificateKeyFile in mongodb\.uri expires on .*: renew it$/,
  );
  assert.deepEqual(warningsOf(', ssl: { cert: c, key: k }'), []);
});

test('no client certificate, no warning', () => {
  assert.deepEqual(checkCertificates(configurationFrom(configuration()).settings), []);
});
