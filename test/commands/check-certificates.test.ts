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

test('no client certificate, no warning', () => {
  assert.deepEqual(checkCertificates(configurationFrom(configuration()).settings), []);
});
