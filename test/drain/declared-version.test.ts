import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BSON, Decimal128, Long, ObjectId, Timestamp } from 'mongodb';
import type { PipelineSettings } from '../../src/config/settings.js';
import { createToOperation, type Operation } from '../../src/drain/operation.js';
import type { TransformStep } from '../../src/drain/transform-step.js';
import { compareVersions } from '../../src/mongodb/version-order.js';
import type { Version } from '../../src/mongodb/sink.js';
import { BASE_TIME, NOW, pipeline, record, type RecordOverrides } from './builders.js';
import * as events from './debezium-events.js';

function operation(rules: Partial<PipelineSettings>, overrides: RecordOverrides): Operation {
  return createToOperation(pipeline(rules), NOW)(record(overrides));
}

function versionIn(done: Operation): Version {
  if (done.kind !== 'write') assert.fail(JSON.stringify(done));
  return done.model.version;
}

function codeOf(done: Operation): string {
  return done.kind === 'bad' ? `${done.stage}: ${done.code}` : done.kind;
}

describe('a version that is the timestamp', () => {
  const rules = { version: { by: 'timestamp' } } as const;

  test('is the place in the log, compared by another order', () => {
    const version = versionIn(operation(rules, { offset: 7n }));
    assert.deepEqual(version, { partition: 'orders-0', offset: 7n, timestampMs: BASE_TIME + 7, epoch: 1 });
  });

  test('is missing where the record has no valid one, of tombstones too', () => {
    for (const timestampMs of [-1, 9e15]) {
      for (const value of ['{}', null]) {
        assert.equal(codeOf(operation(rules, { timestampMs, value })), 'version: VERSION_MISSING');
      }
    }
  });
});

describe('a version that is a field', () => {
  const rules = { version: { by: 'field', field: 'rev' }, deletes: 'ignore' } as const;
  const withRev = (rev: string) => operation(rules, { value: `{"rev":${rev}}` });

  test('is told from the value as it was decoded', () => {
    assert.equal(versionIn(withRev('7')).declared, 7n);
    assert.equal(versionIn(withRev('"2026-01-31T00:00:00Z"')).declared, '2026-01-31T00:00:00Z');
    const dated = operation({ ...rules, dates: ['rev'] }, { value: '{"rev":"2026-01-31"}' });
    assert.deepEqual(versionIn(dated).declared, new Date('2026-01-31'));
  });

  test('is that of the value as it came, whatever a transform makes of it', () => {
    const settings = pipeline(rules);
    const transform = () => ({ kind: 'fields', fields: { rev: 999 } }) as const;
    const done = createToOperation(settings, NOW, { transform })(record({ value: '{"rev":7}' }));
    assert.ok(!(done instanceof Promise) && done.kind === 'write' && done.model.kind === 'upsert');
    assert.deepEqual([done.model.version.declared, done.model.fields], [7n, { rev: 999 }]);
  });

  test('stays what it was where a transform changes the very object that was the version', () => {
    const id = new ObjectId('65a000000000000000000001');
    const kinds: readonly [rev: unknown, change: (rev: never) => void][] = [
      [new Date(7), (rev: Date) => rev.setTime(0)],
      [id, (rev: ObjectId) => (rev.id = Buffer.alloc(12))],
      [new Timestamp({ t: 7, i: 1 }), (rev: { low: number; high: number }) => (rev.high = rev.low = 0)],
      [Long.fromNumber(2 ** 40), (rev: { low: number; high: number }) => (rev.high = rev.low = 0)],
      [Decimal128.fromString('7.5'), (rev: Decimal128) => rev.bytes.fill(0)],
    ];
    for (const [rev, change] of kinds) {
      const value = Buffer.from(BSON.serialize({ rev }));
      const transform: TransformStep = (_record, fields) => {
        change(fields['rev'] as never);
        return { kind: 'fields', fields };
      };
      const settings = pipeline({ ...rules, value: 'bson' });
      const plain = createToOperation(settings, NOW)(record({ value }));
      const changed = createToOperation(settings, NOW, { transform })(record({ value }));
      assert.ok(!(changed instanceof Promise) && changed.kind === 'write' && changed.model.kind === 'upsert');
      assert.equal(compareVersions(versionIn(changed), versionIn(plain), 'declared'), 0, String(rev));
      assert.notDeepEqual(
        BSON.serialize(changed.model.fields),
        BSON.serialize({ rev }),
        'it was not changed',
      );
    }
  });

  for (const [rev, code] of [
    ['null', 'VERSION_MISSING'],
    ['[1]', 'VERSION_UNUSABLE'],
    ['{"a":1}', 'VERSION_UNUSABLE'],
    ['true', 'VERSION_UNUSABLE'],
  ] as const) {
    test(`${rev} is ${code}`, () => {
      assert.equal(codeOf(withRev(rev)), `version: ${code}`);
    });
  }

  test('NaN and the infinities are VERSION_UNUSABLE', () => {
    for (const rev of [
      '{"$numberDouble":"NaN"}',
      '{"$numberDecimal":"NaN"}',
      '{"$numberDecimal":"-Infinity"}',
    ]) {
      const done = operation({ ...rules, value: 'extended-json' }, { value: `{"rev":${rev}}` });
      assert.equal(codeOf(done), 'version: VERSION_UNUSABLE');
    }
  });

  test('is missing where the value has no such field', () => {
    assert.equal(codeOf(operation(rules, { value: '{}' })), 'version: VERSION_MISSING');
  });

  test('of a delete event is that of the row as it was, with the same types, and decided by time', () => {
    const change: Partial<PipelineSettings> = { ...rules, deletes: 'soft', envelope: 'debezium', documentId: { from: 'keyField', field: 'id', format: 'json' }, dates: ['rev'] }; // prettier-ignore
    const row = { id: 1, rev: 1_486_500_577_691 };
    const send = (offset: bigint, event: Record<string, unknown>) =>
      operation(change, { offset, key: '{"id":1}', value: events.eventText(event) });
    const stored = versionIn(send(1n, events.mysql({ after: row })));
    const gone = versionIn(send(2n, events.mysql({ op: 'd', before: row })));
    assert.deepEqual(gone.declared, stored.declared);
    assert.ok(compareVersions(gone, stored, 'declared') > 0);
    assert.equal(codeOf(send(3n, events.mysql({ op: 'd' }))), 'version: VERSION_MISSING');
  });

  test('of a delete event that brings the key alone is VERSION_MISSING, which names the remedy', () => {
    const change: Partial<PipelineSettings> = { ...rules, deletes: 'soft', envelope: 'debezium', documentId: { from: 'keyField', field: 'id', format: 'json' } }; // prettier-ignore
    for (const before of [{ id: 1 }, { id: 1, rev: null }, null]) {
      const value = events.eventText(events.postgresql({ op: 'd', before }));
      const done = operation(change, { key: '{"id":1}', value });
      assert.equal(codeOf(done), 'version: VERSION_MISSING');
      assert.match(done.kind === 'bad' ? done.reason : '', /REPLICA IDENTITY FULL.*version: source/);
    }
    const upsert = events.eventText(events.postgresql({ after: { id: 1 } }));
    const done = operation(change, { key: '{"id":1}', value: upsert });
    assert.doesNotMatch(done.kind === 'bad' ? done.reason : '', /REPLICA/);
  });
});

describe('a version that is the place of a change in its source', () => {
  const rules = {
    version: { by: 'source' },
    envelope: 'debezium',
    documentId: { from: 'keyField', field: 'id', format: 'json' },
  } as const;
  const of = (event: Record<string, unknown>, offset = 1n) =>
    operation(rules, { offset, key: '{"id":"1"}', value: events.eventText(event) });
  const declared = (event: Record<string, unknown>) => versionIn(of(event)).declared;

  test('is read from what each connector says', () => {
    assert.deepEqual(declared(events.mysql()), [3n, 484n, 0n]);
    assert.deepEqual(declared(events.postgresql()), [24023128n]);
    assert.deepEqual(declared(events.sqlserver()), ['00000027:00000758:0005', '00000027:00000758:0003', 1n]);
    assert.deepEqual(declared(events.oracle()), [2122185n]);
    const key = JSON.stringify({ id: JSON.stringify(events.MONGODB_ID) });
    const change = operation(rules, { key, value: events.eventText(events.mongodb()) });
    assert.deepEqual(versionIn(change).declared, [1_558_965_508_000n, 31n]);
  });

  test('of a delete event is its own', () => {
    assert.deepEqual(declared(events.postgresql({ op: 'd', source: { lsn: 24023200 } })), [24023200n]);
  });

  const order: readonly (readonly [string, Record<string, unknown>, Record<string, unknown>])[] = [
    ['a later place in the file', events.mysql(), events.mysql({ source: { pos: 1000 } })],
    ['any change after a row of an incremental snapshot (MySQL)', events.mysql({ op: 'r', source: { snapshot: 'incremental', file: '', pos: 0 } }), events.mysql({ source: { file: 'mysql-bin.000001', pos: 0 } })],
    ['any change after a row of an incremental snapshot (PostgreSQL)', events.postgresql({ op: 'r', source: { snapshot: 'incremental', lsn: null } }), events.postgresql({ source: { lsn: 0 } })],
    ['any change after a row of an incremental snapshot with the position of another change', events.oracle({ op: 'r', source: { snapshot: 'incremental', scn: '99' } }), events.oracle({ source: { scn: '98' } })],
    ['a later row of one event', events.mysql(), events.mysql({ source: { row: 1 } })],
    ['a later file, whatever the place', events.mysql(), events.mysql({ source: { file: 'mysql-bin.000004', pos: 4 } })],
    ['a file of more digits', events.mysql({ source: { file: 'mysql-bin.999999' } }), events.mysql({ source: { file: 'mysql-bin.1000000' } })],
    ['a greater number of the log', events.postgresql(), events.postgresql({ source: { lsn: 100000000 } })],
    ['a change after the snapshot of its commit', events.sqlserver({ op: 'r', source: { change_lsn: null, event_serial_no: null } }), events.sqlserver()],
    ['a later change of one transaction', events.sqlserver(), events.sqlserver({ source: { change_lsn: '00000027:00000758:0004' } })],
    ['a number of more digits, although it is a text', events.oracle({ source: { scn: '9122185' } }), events.oracle({ source: { scn: '10000000' } })],
    ['a number beyond 64 bits', events.oracle({ source: { scn: '9223372036854775807' } }), events.oracle({ source: { scn: '9223372036854775809' } })],
  ]; // prettier-ignore
  for (const [what, older, newer] of order) {
    test(`${what} is newer, although it came first`, () => {
      const [a, b] = [versionIn(of(older, 9n)), versionIn(of(newer, 1n))];
      assert.ok(compareVersions(a, b, 'declared') < 0);
      assert.ok(compareVersions(b, a, 'declared') > 0);
    });
  }

  test('of a snapshot is its own', () => {
    assert.deepEqual(declared(events.mysql({ op: 'r', source: { snapshot: 'last' } })), [3n, 484n, 0n]);
  });

  for (const [what, event, code] of [
    ['without the place in the file', events.mysql({ source: { pos: null } }), 'VERSION_MISSING'],
    ['without a file', events.mysql({ source: { file: '' } }), 'VERSION_MISSING'],
    [
      'with a number of the log that a double cannot hold, where such are not kept',
      events.postgresql({ source: { lsn: '#' } }),
      'VERSION_MISSING',
    ],
    ['without a number of the log', events.postgresql({ source: { lsn: null } }), 'VERSION_MISSING'],
    ['without a commit', events.sqlserver({ source: { commit_lsn: 'NULL' } }), 'VERSION_MISSING'],
    [
      'of a connector that nobody knows here',
      events.mysql({ source: { connector: 'vitess' } }),
      'ENVELOPE_UNSUPPORTED',
    ],
    ['of a connector that is not named', events.mysql({ source: { connector: null } }), 'VERSION_MISSING'],
  ] as const) {
    test(`${what}: ${code}`, () => {
      assert.equal(codeOf(of(event)), `version: ${code}`);
    });
  }
});
