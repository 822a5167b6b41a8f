import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { commandsOf } from '../../commands/cli.js';
import { writePrivate, type Identity } from '../../support/certificates.js';
import { failureOf } from '../../support/failure.js';
import { createScenario, type Scenario } from '../../support/scenario.js';
import { startSecuredKafka, type SecuredKafka } from '../../support/secured-kafka.js';

let kafka: SecuredKafka;
before(async () => {
  kafka = await startSecuredKafka();
});
after(() => kafka[Symbol.asyncDispose]());

/** A scenario on the secured broker; everybody but the test comes in by the section's door. */
async function secured(section: object, principal: string): Promise<Scenario> {
  const scenario = await createScenario({
    partitions: 1,
    kafka: { adminAddresses: [kafka.adminAddress], section },
  });
  const read = ['--add', '--allow-principal', principal, '--operation', 'Read'];
  await kafka.acls(...read, '--topic', scenario.topic, '--group', scenario.group);
  await scenario.startWorker();
  return scenario;
}

describe('a worker whose certificate is replaced while it runs', () => {
  let scenario: Scenario;
  const write = ({ cert, key }: Identity) => {
    writePrivate(kafka.folder, 'client.pem', cert);
    writePrivate(kafka.folder, 'client.key', key);
  };
  before(async () => {
    write(kafka.client);
    const file = (name: string) => `${kafka.folder}/${name}`;
    const ssl = { ca: file('ca.pem'), cert: file('client.pem'), key: file('client.key') };
    scenario = await secured({ brokers: [kafka.addresses.mtls], ssl }, 'User:CN=drain-client');
  });
  after(() => scenario.close());

  test('drains by its right to read topic and group alone', async () => {
    await scenario.produce([{ key: 'a', value: '{"n":1}' }]);
    assert.equal((await scenario.run()).records.inserted, 1);
  });

  test('fails its runs with the reason while the certificate has expired, and check says so as well', async () => {
    write(await kafka.authority.issue({ name: 'drain-client', expired: true }));
    const failure = await failureOf(scenario.run());
    assert.equal(failure.code, 'KAFKA_REFUSED');
    assert.match(failure.message, /the client certificate in kafka\.ssl\.cert expired on /);
    const { code, data } = await commandsOf(scenario).check();
    const [kafkaFinding] = data.filter(({ area, pipeline }) => area === 'kafka' && pipeline !== null);
    assert.deepEqual([code, kafkaFinding?.state], [1, 'failed']);
    assert.match(kafkaFinding?.text ?? '', /kafka\.ssl\.cert expired on /);
  });

  test('fails them with the place of the file while it is half written', async () => {
    writePrivate(kafka.folder, 'client.pem', kafka.client.cert.slice(0, 100));
    const failure = await failureOf(scenario.run());
    assert.equal(failure.code, 'CONFIG_INVALID');
    assert.match(failure.message, /kafka\.ssl\.cert: holds no certificate in PEM/);
  });

  test('goes on where it was with the first run after a good one is there, without a restart', async () => {
    write(await kafka.authority.issue({ name: 'drain-client', endsSoon: true }));
    await scenario.produce([{ key: 'b', value: '{"n":2}' }]);
    assert.equal((await scenario.run()).records.inserted, 1);
    const { data } = await commandsOf(scenario).check();
    const texts = data.filter(({ area }) => area === 'kafka').map(({ state, text }) => `${state} ${text}`);
    assert.ok(
      texts.includes(`ok ${kafka.addresses.mtls} over TLS as the client certificate CN=drain-client`),
      texts.join('\n'),
    );
    assert.ok(
      texts.some((text) =>
        /^warning the certificate in kafka\.ssl\.cert expires on .*: renew it$/.test(text),
      ),
      texts.join('\n'),
    );
  });
});

describe('a worker that authenticates with tokens', () => {
  let scenario: Scenario;
  before(async () => {
    const clientSecretFile = writePrivate(kafka.folder, 'client-secret', `${kafka.tokens.clientSecret}\n`);
    const ca = `${kafka.folder}/ca.pem`;
    const { url: tokenEndpoint, clientId } = kafka.tokens;
    const sasl = { mechanism: 'oauthbearer', tokenEndpoint, clientId, clientSecretFile, ssl: { ca } };
    scenario = await secured({ brokers: [kafka.addresses.sasl], ssl: { ca }, sasl }, 'User:drain-client');
  });
  after(() => scenario.close());

  test('asks for one token, which its planning and its drain threads share, run after run', async () => {
    const before = kafka.tokens.given();
    for (const key of ['a', 'b']) {
      await scenario.produce([{ key, value: '{}' }]);
      assert.equal((await scenario.run()).records.inserted, 1);
    }
    assert.equal(kafka.tokens.given(), before + 1);
  });
});
