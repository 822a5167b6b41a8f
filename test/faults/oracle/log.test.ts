import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createTopic } from '../../../stack/topics.js';
import { patchedKafkaJs } from '../../../src/kafka/patched-kafkajs.js';
import { stackFromEnvironment, temporaryFolder } from '../../support/stack.js';
import { parseRecord } from './log.js';
import { readTopicByConsole } from './read-topic.js';

const stack = stackFromEnvironment();
const { Kafka, logLevel } = patchedKafkaJs();
const kafka = new Kafka({ brokers: [stack.kafka], clientId: 'oracle-test', logLevel: logLevel.NOTHING });
const admin = kafka.admin();
const topic = `oracle-${process.pid.toString(36)}-${Date.now().toString(36)}`;
const folder = temporaryFolder('oracle');
const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
/** Within retention. */
const NOW = Date.now();
const SYMBOLS = Buffer.from('a\n\t\u0000 ␞␟␝␀ é');

before(async () => {
  await admin.connect();
  await createTopic(admin, { topic, numPartitions: 2 });
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const headers = { expect: 'refused', bytes: ALL_BYTES };
  const messages = [
    { partition: 0, key: ALL_BYTES, value: SYMBOLS, timestamp: String(NOW), headers },
    { partition: 0, key: null, value: null, timestamp: String(NOW + 1) },
    { partition: 1, key: '', value: '', timestamp: String(NOW + 2) },
  ];
  await producer.send({ topic, messages });
  await producer.disconnect();
});

after(async () => {
  await admin.deleteTopics({ topics: [topic] });
  await admin.disconnect();
  folder.remove();
});

test('the oracle reads every byte of keys, values and headers through the console consumer', async () => {
  const { java, kafkaLibs, kafka: bootstrapServer } = stack;
  const ends = new Map([
    [0, 2n],
    [1, 1n],
  ]);
  const consumer = { java, kafkaLibs, bootstrapServer, folder: folder.path };
  const records = await readTopicByConsole(consumer, { topic, epoch: 2, ends });
  records.sort((a, b) => a.partition - b.partition || Number(a.offset - b.offset));
  const common = { topic, epoch: 2, headers: [] };
  assert.deepEqual(records, [
    {
      ...{ ...common, partition: 0, offset: 0n, timestampMs: NOW },
      ...{ key: ALL_BYTES.toString('latin1'), value: SYMBOLS.toString('latin1') },
      headers: [
        { name: 'expect', value: 'refused' },
        { name: 'bytes', value: ALL_BYTES.toString('latin1') },
      ],
    },
    { ...common, partition: 0, offset: 1n, timestampMs: NOW + 1, key: null, value: null },
    { ...common, partition: 1, offset: 0n, timestampMs: NOW + 2, key: '', value: '' },
  ]);
});

test('what is not a printed record is an error, not a record less', () => {
  assert.throws(() => parseRecord(topic, 1, 'Processed a total of 3 records'), /not a record/);
});
