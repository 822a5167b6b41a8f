import assert from 'node:assert/strict';
import { test } from 'node:test';
import avro from 'avsc';
import { createToOperation } from '../../src/drain/operation.js';
import { compile } from '../../src/registry/compile.js';
import type { Schemas } from '../../src/registry/schemas.js';
import { NOW, pipeline, record } from './builders.js';

test('events that come by a schema registry are the same events', () => {
  const row = {
    type: 'record',
    name: 'Value',
    fields: [
      { name: 'id', type: 'long' },
      { name: 'name', type: 'string' },
    ],
  };
  const schema = {
    type: 'record',
    name: 'Envelope',
    fields: [
      { name: 'before', type: ['null', row] },
      { name: 'after', type: ['null', 'Value'] },
      {
        name: 'source',
        type: {
          type: 'record',
          name: 'Source',
          fields: [
            { name: 'connector', type: 'string' },
            { name: 'lsn', type: 'long' },
          ],
        },
      },
      { name: 'op', type: 'string' },
    ],
  };
  const key = { type: 'record', name: 'Key', fields: [{ name: 'id', type: 'long' }] };
  const byId: Schemas = {
    find: (ref) =>
      compile({ type: 'AVRO', text: JSON.stringify(ref === 'ids/2' ? key : schema), references: [] }),
    load: () => Promise.resolve(),
  };
  const settings = pipeline({
    value: 'avro',
    envelope: 'debezium',
    version: { by: 'source' },
    documentId: { from: 'keyField', field: 'id', format: 'avro' },
  });
  const toOperation = createToOperation(settings, NOW, { schemas: byId });
  const event = (op: string, before: unknown, after: unknown) => {
    const value = avro.Type.forSchema(schema as avro.Schema).toBuffer({
      ...{ before, after },
      ...{ source: { connector: 'postgresql', lsn: 33_000 }, op },
    });
    const id = avro.Type.forSchema(key as avro.Schema).toBuffer({ id: 7 });
    return record({ key: framed(2, id), value: framed(1, value) });
  };
  const created = toOperation(event('c', null, { id: 7, name: 'Ada' }));
  assert.ok(!(created instanceof Promise) && created.kind === 'write' && created.model.kind === 'upsert');
  assert.deepEqual([created.model.id, created.model.fields], [7n, { id: 7n, name: 'Ada' }]);
  assert.notEqual(created.model.version.declared, undefined);
  const deleted = toOperation(event('d', { id: 7, name: 'Ada' }, null));
  assert.ok(!(deleted instanceof Promise) && deleted.kind === 'write' && deleted.model.kind === 'delete');
  assert.equal(deleted.model.idKey, created.model.idKey);
});

function framed(schemaId: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(schemaId, 1);
  return Buffer.concat([head, payload]);
}
