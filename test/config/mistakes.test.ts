import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { configuration, messageFor, mistakesIn, type Parts } from './builders.js';
import { PEMS } from './pems.js';

interface Case {
  rule: string;
  parts: Parts;
  /** The one line expected, without the file's name. */
  mistake: string;
}

const DURATION = 'expected a duration (like 5m, 1m30s, 2h or 500ms)';

const CASES: Case[] = [
  {
    rule: 'a missing section names what belongs there',
    parts: { mongodb: '' },
    mistake: '2:10 mongodb: expected a mapping with the keys uri, uriFile, ssl, database',
  },
  {
    rule: 'a missing key is reported at its mapping',
    parts: { mongodb: '{ uri: mongodb://localhost }' },
    mistake:
      '2:10 mongodb.database: missing; expected the name of a MongoDB database: up to 63 characters, none of / \\ . " $ * < > : | ? or blanks',
  },
  {
    rule: 'an unknown key is refused with the nearest known one',
    parts: { orders: '{ topic: orders, colection: a }' },
    mistake: '5:28 pipelines.orders.colection: unknown key; did you mean collection?',
  },
  {
    rule: 'an unknown key that resembles none lists all',
    parts: { mongodb: '{ uri: mongodb://h, database: shop, xyzzy: 1 }' },
    mistake: '2:46 mongodb.xyzzy: unknown key; allowed: uri, uriFile, ssl, database',
  },
  {
    rule: 'two letters swapped are one mistake of typing',
    parts: { orders: '{ topic: orders, limits: { bugdet: 4m } }' },
    mistake: '5:38 pipelines.orders.limits.bugdet: unknown key; did you mean budget?',
  },
  {
    rule: 'a broker needs a port',
    parts: { kafka: '{ brokers: [localhost] }' },
    mistake: '1:20 kafka.brokers[0]: "localhost": expected an address host:port, for instance localhost:9092',
  },
  {
    rule: 'a port has at most 65535',
    parts: { worker: '{ health: "127.0.0.1:65536" }' },
    mistake:
      '3:19 worker.health: "127.0.0.1:65536": expected an address host:port, for instance 127.0.0.1:8080, or null',
  },
  {
    rule: 'there is at least one broker',
    parts: { kafka: '{ brokers: [] }' },
    mistake: '1:19 kafka.brokers: expected a list of at least one address host:port',
  },
  {
    rule: 'a worker runs at least two drains',
    parts: { worker: '{ maxConcurrentDrains: 1 }' },
    mistake: '3:32 worker.maxConcurrentDrains: 1: expected a whole number from 2 to 64',
  },
  {
    rule: 'a number is no duration',
    parts: { orders: '{ topic: orders, limits: { idleTimeout: 30 } }' },
    mistake: `5:51 pipelines.orders.limits.idleTimeout: 30: ${DURATION} from 1s to 1d`,
  },
  {
    rule: 'intervals under a minute are refused',
    parts: { orders: '{ topic: orders, schedule: { every: 59s } }' },
    mistake: `5:47 pipelines.orders.schedule.every: "59s": ${DURATION} from 1m to 365d`,
  },
  {
    rule: 'an overlap policy is one of six',
    parts: { orders: '{ topic: orders, schedule: { overlap: queue } }' },
    mistake:
      '5:49 pipelines.orders.schedule.overlap: "queue": expected one of skip, buffer-one, buffer-all, cancel-other, terminate-other, allow-all',
  },
  {
    rule: 'a document id is one of three rules',
    parts: { orders: '{ topic: orders, documentId: value }' },
    mistake:
      '5:40 pipelines.orders.documentId: "value": expected key, coordinates or a mapping with one of field, fields, keyField, keyFields',
  },
  {
    rule: 'a mistake inside one of several forms is reported inside it',
    parts: { orders: '{ topic: orders, documentId: { field: a.b } }' },
    mistake:
      '5:49 pipelines.orders.documentId.field: "a.b": expected the name of a top-level field of the value: no dots, not beginning with $, not _kafka',
  },
  {
    rule: 'a start in time needs a zone',
    parts: { orders: '{ topic: orders, start: { timestamp: "2026-01-31 00:00" } }' },
    mistake:
      '5:48 pipelines.orders.start.timestamp: "2026-01-31 00:00": expected a time in ISO 8601 with zone, for instance 2026-01-31T00:00:00Z',
  },
  {
    rule: 'cron has five fields',
    parts: {
      orders: '{ topic: orders, schedule: { cron: "0 3 * *" }, limits: { budget: 1m, startToClose: 2m } }',
    },
    mistake:
      '5:46 pipelines.orders.schedule.cron: "0 3 * *": expected a cron expression of five fields (minute, hour, day of month, month, day of week), or a list of them',
  },
  {
    rule: 'a time zone exists',
    parts: {
      orders:
        '{ topic: orders, schedule: { cron: "0 3 * * *", timezone: Mars/Base }, limits: { budget: 1m, startToClose: 2m } }',
    },
    mistake:
      '5:69 pipelines.orders.schedule.timezone: "Mars/Base": expected an IANA time zone, for instance Europe/Berlin',
  },
  {
    rule: 'a topic name is one that Kafka takes',
    parts: { orders: '{ topic: "a b" }' },
    mistake:
      '5:20 pipelines.orders.topic: "a b": expected the name of a Kafka topic: up to 249 letters, digits, dots, dashes and underscores',
  },
  {
    rule: 'a collection of the server itself is refused',
    parts: { orders: '{ topic: orders, collection: system.users }' },
    mistake:
      '5:40 pipelines.orders.collection: "system.users": expected the name of a MongoDB collection: up to 200 characters, no $, no blanks, not beginning with "system." or a dot; ${topic} may stand for the topic',
  },
  {
    rule: 'a file that is not there is named by its key',
    parts: { kafka: '{ brokers: [h:1], ssl: { ca: nowhere.pem } }' },
    mistake: '1:37 kafka.ssl.ca: cannot be read: there is no such file',
  },
  {
    rule: 'a certificate needs its key',
    parts: { kafka: '{ brokers: [h:1], ssl: { cert: client.pem } }' },
    mistake: '1:33 kafka.ssl.cert: a client certificate needs cert and key; key is missing',
  },
  {
    rule: 'PLAIN without TLS is refused',
    parts: { kafka: '{ brokers: [h:1], sasl: { mechanism: plain, username: u, password: p } }' },
    mistake:
      '1:45 kafka.sasl.mechanism: plain sends the password readable and needs TLS: set kafka.ssl, or, where nobody can listen, kafka.sasl.allowPlaintext: true',
  },
  {
    rule: 'a secret has one source',
    parts: { mongodb: '{ uri: mongodb://h, uriFile: client.pem, database: shop }' },
    mistake: '2:30 mongodb.uriFile: either uri or uriFile, not both',
  },
  {
    rule: 'a secret has a source',
    parts: { mongodb: '{ database: shop }' },
    mistake: '2:10 mongodb.uri: missing; expected uri or uriFile',
  },
  {
    rule: 'large integers are a matter of JSON',
    parts: { orders: '{ topic: orders, value: bson, largeIntegers: long }' },
    mistake:
      '5:41 pipelines.orders.largeIntegers: has a meaning only with `value` or `keyFormat` being json or json-schema; leave it out',
  },
  {
    rule: 'dates are fields, and texts have none',
    parts: { orders: '{ topic: orders, value: string, dates: [at] }' },
    mistake: '5:43 pipelines.orders.dates: string values have no fields; leave it out',
  },
  {
    rule: 'a key format without keys as ids has no meaning',
    parts: { orders: '{ topic: orders, documentId: coordinates, keyFormat: json }' },
    mistake:
      '5:53 pipelines.orders.keyFormat: has a meaning only with `documentId: key`, `{ keyField }` and `{ keyFields }`; leave it out',
  },
  {
    rule: 'a field can be the id only of JSON values',
    parts: { orders: '{ topic: orders, value: string, documentId: { field: id } }' },
    mistake:
      '5:55 pipelines.orders.documentId: string values have no fields to take the id from, unless a `transform` gives them some',
  },
  {
    rule: 'every and cron exclude each other',
    parts: {
      orders:
        '{ topic: orders, schedule: { every: 5m, cron: "@daily" }, limits: { budget: 1m, startToClose: 2m } }',
    },
    mistake: '5:57 pipelines.orders.schedule.cron: "@daily": either `every` or `cron`, not both',
  },
  {
    rule: 'an offset is shorter than its interval',
    parts: { orders: '{ topic: orders, schedule: { every: 5m, offset: 5m } }' },
    mistake: '5:59 pipelines.orders.schedule.offset: "5m": must be shorter than the interval (5m)',
  },
];

const FILES = { 'client.pem': PEMS.cert };

describe('a mistake in the configuration is reported with line, column, path, value and what is allowed', () => {
  for (const { rule, parts, mistake } of CASES) {
    test(rule, () => {
      assert.deepEqual(mistakesIn(configuration(parts), { files: FILES }), [`drain.yaml:${mistake}`]);
    });
  }
});

describe('all mistakes', () => {
  test('are reported at once, in the order of the file, whatever their kind', () => {
    const text = [
      'kafka: { brokers: [localhost], sasl: { mechanism: scram-sha-512, username: u, passwordFile: gone } }',
      'mongodb: { uri: "${MONGODB_URI}", database: shop }',
      'pipelines:',
      '  orders: { topic: orders, group: g, limits: { budget: 10m } }',
      '  returns: { topic: returns, group: g, unti: idle }',
      '  Big: { topic: big }',
    ].join('\n');
    assert.match(messageFor(text), /^7 mistakes in the configuration:\n/);
    assert.deepEqual(
      mistakesIn(text).map((line) => line.split(' ').slice(0, 2).join(' ')),
      [
        'drain.yaml:1:20 kafka.brokers[0]:',
        'drain.yaml:1:93 kafka.sasl.passwordFile:',
        'drain.yaml:2:17 mongodb.uri:',
        'drain.yaml:4:56 pipelines.orders.limits.budget:',
        'drain.yaml:5:37 pipelines.returns.group:',
        'drain.yaml:5:40 pipelines.returns.unti:',
        'drain.yaml:6:3 pipelines.Big:',
      ],
    );
  });

  test('of syntax are reported by place alone', () => {
    assert.deepEqual(mistakesIn('a: 1\na: 2\n'), ['drain.yaml:2:1 this key is in the mapping twice']);
    assert.deepEqual(mistakesIn('a:\n\tb: 1\n'), ['drain.yaml:2:1 tabs cannot indent, use blanks']);
  });

  test('an empty file lacks everything', () => {
    assert.deepEqual(mistakesIn(''), [
      'drain.yaml:1:1 the file: expected a mapping with the keys kafka, mongodb, schemaRegistry, worker, pipelines',
    ]);
  });

  test('there is at least one pipeline', () => {
    const text = configuration()
      .replace(/ {2}orders.*\n/, '')
      .replace('pipelines:', 'pipelines: {}');
    assert.deepEqual(mistakesIn(text), ['drain.yaml:4:12 pipelines: expected at least one pipeline']);
  });
});

describe('pipelines', () => {
  const two = (first: string, second: string): string =>
    `${configuration({ orders: first })}  returns: ${second}\n`;

  test('have a consumer group each', () => {
    const [mistake, ...others] = mistakesIn(
      two('{ topic: orders }', '{ topic: returns, group: drain-orders }'),
    );
    assert.match(
      mistake ?? '',
      /^drain\.yaml:6:37 pipelines\.returns\.group: "drain-orders": the consumer group is also that of the pipeline orders/,
    );
    assert.deepEqual(others, []);
  });

  test('have a collection each, since versions of different topics can only be compared by time', () => {
    const mistakes = mistakesIn(two('{ topic: orders }', '{ topic: returns, collection: orders }'));
    assert.match(
      mistakes[0] ?? '',
      /^drain\.yaml:6:42 pipelines\.returns\.collection: "orders": .*timestamps/,
    );
    assert.equal(mistakes.length, 1);
  });

  test('do not write into the dead letters or the view of another', () => {
    for (const collection of ['orders.dead_letters', 'orders_live']) {
      const mistakes = mistakesIn(two('{ topic: orders }', `{ topic: returns, collection: ${collection} }`));
      assert.deepEqual(
        mistakes.map((line) => line.slice(0, 44)),
        ['drain.yaml:6:42 pipelines.returns.collection'],
      );
    }
  });

  test('may share a collection of dead letters', () => {
    const bad = 'deadLetters: { collection: bad }';
    assert.deepEqual(mistakesIn(two(`{ topic: orders, ${bad} }`, `{ topic: returns, ${bad} }`)), []);
  });

  test('may drain one topic twice, into different collections', () => {
    assert.deepEqual(mistakesIn(two('{ topic: orders }', '{ topic: orders, documentId: coordinates }')), []);
  });
});
