import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { configuration, configurationFrom, pipelineFrom } from './builders.js';
import { PEMS } from './pems.js';

describe('a pipeline of which only the topic is given', () => {
  test('has defaults that lose nothing', () => {
    const { limits, fingerprint, ...pipeline } = pipelineFrom('{ topic: orders-v1 }');
    assert.equal(limits.maxRecords, null);
    assert.match(fingerprint, /^[0-9a-f]{16}$/);
    assert.deepEqual(pipeline, {
      name: 'orders',
      topic: 'orders-v1',
      topics: { names: ['orders-v1'] },
      group: 'drain-orders',
      collection: 'orders',
      epoch: 1,
      value: 'json',
      largeIntegers: 'reject',
      dates: [],
      transform: null,
      recordLimits: { maxBytes: 16_777_216, maxDepth: 100, maxKeys: 100_000 },
      envelope: 'none',
      documentId: { from: 'key', format: 'string' },
      version: { by: 'offset' },
      deletes: 'soft',
      tombstoneWindowMs: 7 * 86_400_000,
      start: 'earliest',
      until: 'end-offsets',
      onDataLoss: 'fail',
      deadLetters: { collection: 'orders.dead_letters', tolerate: 'all', expireAfterMs: null },
      schedule: {
        every: { intervalMs: 300_000, offsetMs: 0 },
        cron: null,
        jitterMs: 0,
        overlap: 'skip',
        catchupWindowMs: 300_000,
      },
      catchUp: true,
      members: 1,
    });
  });
});

describe('what is written', () => {
  test('overlap policies may be spelled as Temporal spells them', () => {
    const spellings = [
      'buffer-one',
      'BufferOne',
      'BUFFER_ONE',
      'SCHEDULE_OVERLAP_POLICY_BUFFER_ONE',
      'bufferOne',
    ];
    const read = spellings.map(
      (overlap) => pipelineFrom(`{ topic: t, schedule: { overlap: ${overlap} } }`).schedule.overlap,
    );
    assert.deepEqual(new Set(read), new Set(['bufferOne']));
  });

  test('start may be a time', () => {
    const { start } = pipelineFrom('{ topic: t, start: { timestamp: 2026-01-31T01:00:00+01:00 } }');
    assert.deepEqual(start, { timestampMs: Date.UTC(2026, 0, 31) });
  });

  test('several cron expressions may be listed', () => {
    const { schedule } = pipelineFrom(
      '{ topic: t, schedule: { cron: ["0 3 * * *", "@hourly"], timezone: Europe/Berlin }, limits: { budget: 1m, startToClose: 2m } }',
    );
    assert.deepEqual(schedule.cron, { expressions: ['0 3 * * *', '@hourly'], timezone: 'Europe/Berlin' });
    assert.equal(schedule.every, null);
  });

  test('TLS and SASL are read from their files, secrets without the last line break', () => {
    const kafka =
      '{ brokers: [h:1], ssl: { ca: ca, cert: c, key: k, passphraseFile: p }, sasl: { mechanism: plain, username: u, passwordFile: p } }';
    const files = { ca: PEMS.ca, c: PEMS.cert, k: PEMS.encrypted, p: 'secret\n' };
    const { settings } = configurationFrom(configuration({ kafka }), { files });
    assert.deepEqual(settings.kafka.ssl, {
      ca: PEMS.ca,
      cert: PEMS.cert,
      key: PEMS.encrypted,
      passphrase: 'secret',
    });
    assert.deepEqual(settings.kafka.sasl, { mechanism: 'plain', username: 'u', password: 'secret' });
  });

  test('`ssl: true` is TLS with the usual authorities, false is none', () => {
    const ssl = (value: string) =>
      configurationFrom(configuration({ kafka: `{ brokers: [h:1], ssl: ${value} }` })).settings.kafka.ssl;
    assert.deepEqual(ssl('true'), { ca: null, cert: null, key: null, passphrase: null });
    assert.equal(ssl('false'), null);
  });

  test('anchors and merge keys spare repetition', () => {
    const text = `${configuration({ orders: '&base { topic: orders, until: idle }' })}  returns: { <<: *base, topic: returns }\n`;
    const returns = configurationFrom(text).settings.pipelines.get('returns');
    assert.deepEqual([returns?.topic, returns?.until, returns?.group], ['returns', 'idle', 'drain-returns']);
  });
});

describe('what decides about a document', () => {
  test('its id may be made of fields of the value or of the key', () => {
    const idOf = (documentId: string) => pipelineFrom(`{ topic: t, documentId: ${documentId} }`).documentId;
    assert.deepEqual(idOf('{ field: id }'), { from: 'field', field: 'id' });
    assert.deepEqual(idOf('{ fields: [b, a] }'), { from: 'fields', fields: ['b', 'a'] });
    assert.deepEqual(idOf('{ keyField: id }'), { from: 'keyField', field: 'id', format: 'json' });
    assert.deepEqual(idOf('{ keyFields: [b, a] }'), {
      from: 'keyFields',
      fields: ['b', 'a'],
      format: 'json',
    });
  });

  test('its version may be a field of the value, or the place of the change in its source', () => {
    const { version } = pipelineFrom('{ topic: t, version: { field: rev }, deletes: ignore }');
    assert.deepEqual(version, { by: 'field', field: 'rev' });
    const debezium = 'envelope: debezium, documentId: { keyField: id }';
    assert.deepEqual(pipelineFrom(`{ topic: t, ${debezium}, version: source }`).version, { by: 'source' });
    assert.equal(pipelineFrom(`{ topic: t, ${debezium}, version: { field: rev } }`).deletes, 'soft');
  });
});

describe('the fingerprint of a pipeline', () => {
  const fingerprint = (orders: string) => pipelineFrom(orders).fingerprint;
  const plain = fingerprint('{ topic: orders }');

  test('does not depend on the order of keys, nor on a default being written out', () => {
    assert.equal(fingerprint('{ deletes: soft, group: drain-orders, topic: orders }'), plain);
  });

  test('does not depend on limits and schedule, which may be changed while runs go on', () => {
    assert.equal(
      fingerprint('{ topic: orders, limits: { budget: 1m }, schedule: { every: 10m }, catchUp: false }'),
      plain,
    );
  });

  for (const setting of [
    'group: g',
    'collection: c',
    'epoch: 2',
    'value: bytes',
    'largeIntegers: long',
    'dates: [createdAt]',
    'recordLimits: { maxKeys: 1000 }',
    'keyFormat: json',
    'documentId: coordinates',
    'documentId: { keyField: id }',
    'documentId: { keyFields: [a, b] }',
    'version: timestamp',
    'version: { field: rev }, deletes: ignore',
    'envelope: debezium, documentId: key',
    'deletes: hard',
    'deletes: ignore',
    'tombstoneWindow: 1d',
    'start: latest',
    'until: idle',
    'onDataLoss: skip',
    'deadLetters: { tolerate: none }',
  ]) {
    test(`depends on ${setting}`, () => {
      assert.notEqual(fingerprint(`{ topic: orders, ${setting} }`), plain);
    });
  }

  test('depends on the database', () => {
    const text = configuration({ mongodb: '{ uri: mongodb://localhost, database: other }' });
    assert.notEqual(configurationFrom(text).settings.pipelines.get('orders')?.fingerprint, plain);
  });

  test('does not depend on addresses and secrets, in which workers may differ', () => {
    const text = configuration({
      mongodb: '{ uri: mongodb://u:p@elsewhere, database: shop }',
      kafka: '{ brokers: [other:1] }',
    });
    assert.equal(configurationFrom(text).settings.pipelines.get('orders')?.fingerprint, plain);
  });
});
