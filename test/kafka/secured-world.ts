import assert from 'node:assert/strict';
import type { KafkaSettings, OauthSettings, TlsSettings } from '../../src/config/settings.js';
import { DrainError } from '../../src/errors.js';
import { createSource } from '../../src/kafka/kafkajs-source.js';
import type { Source } from '../../src/kafka/source.js';
import { localKafka } from '../../stack/kafka-client.js';
import { createTopic } from '../../stack/topics.js';
import { startSecuredKafka, type Door, type SecuredKafka } from '../support/secured-kafka.js';
import { kafkaSettings } from './broker.js';

export const TOPIC = 'orders';
/** The groups that may be used begin with it. */
export const GROUP = 'drain-orders';
/** Of the client's certificate, its password, and its tokens. */
const PRINCIPALS = ['User:CN=drain-client', 'User:drain', 'User:drain-client'];

/** A secured broker with a record in a topic that its users may read, and nothing else. */
export interface SecuredWorld extends AsyncDisposable {
  kafka: SecuredKafka;
  /** Settings of TLS that trust the broker, without and with a client certificate. */
  trusting: () => TlsSettings;
  withClient: () => TlsSettings;
  oauth: (change?: Partial<OauthSettings>) => OauthSettings;
  scram: () => Partial<KafkaSettings>;
  sourceAt: (
    door: Door,
    settings: Partial<KafkaSettings>,
    place?: { topic?: string; group?: string },
  ) => Source;
  /** How asking for the state of the topic fails. */
  failureAt: (
    door: Door,
    settings: Partial<KafkaSettings>,
    place?: { topic?: string; group?: string },
  ) => Promise<DrainError>;
  createTopic: (topic: string) => Promise<void>;
}

export async function openSecuredWorld(): Promise<SecuredWorld> {
  const kafka = await startSecuredKafka();
  const trusting = (): TlsSettings => ({ ca: kafka.authority.cert, cert: null, key: null, passphrase: null });
  const sourceAt: SecuredWorld['sourceAt'] = (door, settings, { topic = TOPIC, group = GROUP } = {}) =>
    createSource({
      kafka: kafkaSettings([kafka.addresses[door]], settings),
      topics: { names: [topic] },
      group,
    });
  const newTopic = async (topic: string) => {
    const admin = localKafka(kafka.adminAddress, 0).admin();
    await admin.connect();
    await createTopic(admin, { topic, numPartitions: 1 });
    await admin.disconnect();
  };
  await newTopic(TOPIC);
  await produceOne(kafka);
  await allowReading(kafka);
  return {
    ...{ kafka, trusting, sourceAt, createTopic: newTopic },
    withClient: () => ({ ...trusting(), cert: kafka.client.cert, key: kafka.client.key }),
    oauth: (change = {}) => ({
      mechanism: 'oauthbearer',
      tokenEndpoint: kafka.tokens.url,
      clientId: kafka.tokens.clientId,
      clientSecret: kafka.tokens.clientSecret,
      scope: 'kafka',
      extensions: {},
      tls: trusting(),
      ...change,
    }),
    scram: () => ({ ssl: trusting(), sasl: { mechanism: 'scram-sha-256', ...kafka.user } }),
    failureAt: async (door, settings, place) => {
      const source = sourceAt(door, settings, place);
      try {
        await source.inspect();
      } catch (error) {
        assert.ok(error instanceof DrainError, String(error));
        return error;
      } finally {
        await source.close();
      }
      return assert.fail('it was not refused');
    },
    [Symbol.asyncDispose]: () => kafka[Symbol.asyncDispose](),
  };
}

async function produceOne({ adminAddress }: SecuredKafka): Promise<void> {
  const producer = localKafka(adminAddress, 0).producer();
  await producer.connect();
  await producer.send({ topic: TOPIC, messages: [{ key: 'k', value: 'v' }] });
  await producer.disconnect();
}

async function allowReading(kafka: SecuredKafka): Promise<void> {
  const allowed = PRINCIPALS.flatMap((principal) => ['--allow-principal', principal]);
  const read = ['--add', ...allowed, '--operation', 'Read'];
  await kafka.acls(...read, '--topic', TOPIC);
  await kafka.acls(...read, '--group', GROUP, '--resource-pattern-type', 'prefixed');
}
