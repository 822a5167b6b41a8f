import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { demoConfig } from '../../demo/files.js';

const ADDRESSES = {
  kafka: '127.0.0.1:17092',
  mongodb: 'mongodb://127.0.0.1:17017/?replicaSet=rs0',
  temporal: '127.0.0.1:17233',
  ui: 'http://127.0.0.1:18233',
  kafkaLibs: '/libs',
  java: '/java',
};

const PRODUCTION = `
kafka: { brokers: [kafka.example.com:9093], ssl: { ca: ca.pem }, sasl: { mechanism: plain, username: u, password: p } }
mongodb: { uri: mongodb+srv://db.example.com/, database: orders }
worker: { taskQueue: production, metrics: 0.0.0.0:9464 }
pipelines:
  orders: { topic: orders, schedule: { every: 1m } }
  payments: { topic: payments }
`;

void test('npm start takes the pipeline from drain.yaml, and not one address', () => {
  const text = demoConfig(PRODUCTION, ADDRESSES, '127.0.0.1:17080');
  assert.doesNotMatch(text, /example.com|ca.pem|production|payments|0.0.0.0/);
  assert.deepEqual(parse(text), {
    kafka: { brokers: ['127.0.0.1:17092'], clientId: 'kafka-drain' },
    mongodb: { uri: ADDRESSES.mongodb, database: 'shop' },
    worker: { taskQueue: 'kafka-drain', health: '127.0.0.1:17080' },
    pipelines: { orders: { topic: 'orders', schedule: { every: '1m' } } },
  });
});

void test('a drain.yaml without the sample pipeline is refused by name', () => {
  const other = 'pipelines: { payments: { topic: payments } }';
  assert.throws(() => demoConfig(other, ADDRESSES, '127.0.0.1:17080'), /no pipeline orders/);
});
