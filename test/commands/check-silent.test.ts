/** Whatever ends the waiting here is a limit of ours, of the driver's or of a request: the peer never does. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { checkKafka } from '../../src/commands/check-kafka.js';
import { checkMongodb } from '../../src/commands/check-mongodb.js';
import { checkRegistry } from '../../src/commands/check-registry.js';
import { checkTemporal } from '../../src/commands/check-temporal.js';
import type { Finding } from '../../src/commands/check.js';
import { collectionsOf } from '../../src/commands/collections.js';
import type { Settings } from '../../src/config/settings.js';
import { configuration, configurationFrom } from '../config/builders.js';
import { openSilentPort, type SilentPort } from '../support/silent.js';

let port: SilentPort;
before(async () => {
  port = await openSilentPort();
});
after(() => port[Symbol.asyncDispose]());

/** Four of fifteen seconds are left for the start of the command. */
const LIMIT = '11 s';

interface Parts {
  tls?: boolean;
  registries?: number;
  orders?: string;
}

function silentSettings({ tls = false, registries = 1, orders = '{ topic: orders }' }: Parts = {}): Settings {
  const { address } = port;
  const sasl = 'ssl: true, sasl: { mechanism: plain, username: u, password: hush }';
  const urls = Array.from({ length: registries }, () => `http${tls ? 's' : ''}://${address}`);
  const user = tls ? 'u:hush@' : '';
  const text = configuration({
    kafka: `{ brokers: ['${address}']${tls ? `, ${sasl}` : ''} }`,
    mongodb:
      `{ uri: 'mongodb://${user}${address}/?replicaSet=rs0&tls=${String(tls)}', database: shop }\n` +
      `schemaRegistry: { url: [${urls.map((url) => `'${url}'`).join(', ')}] }`,
    orders,
  });
  return configurationFrom(text).settings;
}

async function failureIn(findings: Promise<Finding[]>): Promise<string> {
  const found = await findings;
  assert.deepEqual(
    found.map(({ state }) => state),
    ['failed'],
    JSON.stringify(found),
  );
  const [{ text } = { text: '' }] = found;
  assert.doesNotMatch(text, /hush/);
  return text;
}

describe(
  'a peer that accepts connections and stays silent is told by check with its address and a remedy',
  { concurrency: true },
  () => {
    for (const tls of [false, true]) {
      const how = tls ? 'with TLS' : 'without TLS';
      test(`Kafka, ${how}`, async () => {
        const text = await failureIn(checkKafka(silentSettings({ tls })));
        assert.equal(
          text,
          `KAFKA_UNAVAILABLE: Kafka at ${port.address}, or a broker that it names, asked about topic orders and group drain-orders, ` +
            `didn't answer within ${LIMIT}: check kafka.brokers, that the addresses in their advertised.listeners ` +
            'can be reached from here, and firewalls on the way',
        );
      });

      test(`MongoDB, ${how}`, async () => {
        const text = await failureIn(checkMongodb(silentSettings({ tls })));
        assert.equal(
          text,
          `MONGODB_UNAVAILABLE: MongoDB didn't answer 'hello' on admin: no server could be chosen (${port.address}: ` +
            'no answer. Check host and port in mongodb.uri, and firewalls on the way)',
        );
      });

      test(`Temporal, ${how}`, async () => {
        const environment = {
          TEMPORAL_CONFIG_FILE: '/nowhere/temporal.toml',
          TEMPORAL_ADDRESS: port.address,
          ...(tls && { TEMPORAL_TLS: 'true', TEMPORAL_API_KEY: 'hush' }),
        };
        const text = await failureIn(checkTemporal({ environment }, silentSettings()));
        assert.equal(
          text,
          `TEMPORAL_UNAVAILABLE: Temporal cannot be reached at ${port.address} (set by TEMPORAL_ADDRESS or temporal.toml): ` +
            'Failed to connect before the deadline. Check that address, whether Temporal runs there, and firewalls on the way.',
        );
      });

      test(`a schema registry, ${how}`, async () => {
        const text = await failureIn(checkRegistry(silentSettings({ tls })));
        const url = `http${tls ? 's' : ''}://${port.address}`;
        assert.equal(
          text,
          `REGISTRY_UNAVAILABLE: the schema registry could not be asked: ${url}: no answer within 10 s. ` +
            'Check schemaRegistry.url, and whether it runs there.',
        );
      });
    }

    test('several addresses of a schema registry, together', async () => {
      const url = `http://${port.address}`;
      assert.equal(
        await failureIn(checkRegistry(silentSettings({ registries: 2 }))),
        `REGISTRY_UNAVAILABLE: the schema registry at ${url}, ${url} didn't answer within ${LIMIT}: ` +
          'check schemaRegistry.url and firewalls on the way',
      );
    });

    test('Kafka, where it is asked which collections MongoDB has to have', async () => {
      const settings = silentSettings({ orders: "{ topicPattern: 'o.*', collection: '${topic}' }" });
      const [pipeline = assert.fail()] = settings.pipelines.values();
      await assert.rejects(collectionsOf(settings, pipeline), {
        code: 'KAFKA_UNAVAILABLE',
        message: new RegExp(
          `^Kafka at ${port.address}, .* didn't answer within ${LIMIT}: check kafka\\.brokers`,
        ),
      });
    });
  },
);
