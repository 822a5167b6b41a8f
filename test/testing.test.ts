import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BSON } from 'mongodb';
import { transformRecord } from '../src/testing.js';

describe('the helper for tests of a transform', () => {
  test('tells the document that would be written, its id first', async () => {
    const result = await transformRecord(({ value }) => ({ ...value, total: 12.5 }), {
      key: 'o-1',
      value: { total: 1250, at: '2026-01-01T00:00:00Z' },
    });
    assert.deepEqual(result, {
      outcome: 'written',
      document: { _id: 'o-1', total: 12.5, at: '2026-01-01T00:00:00Z' },
    });
    assert.deepEqual(Object.keys('document' in result ? result.document : {}), ['_id', 'total', 'at']);
  });

  test('shows what is stored: null where something is undefined, an object in place of a Map, at any depth', async () => {
    const returned = {
      note: undefined,
      lines: [undefined, { price: undefined, at: new Date(0) }],
      more: new Map<string, unknown>([['gone', undefined]]),
    };
    const result = await transformRecord(() => returned, { key: 'o-1', value: {} });
    assert.deepEqual(result, {
      outcome: 'written',
      // as the driver does it
      document: BSON.deserialize(BSON.serialize({ _id: 'o-1', ...returned }, { ignoreUndefined: false })),
    });
    assert.equal('document' in result && result.document['note'], null);
  });

  test("takes the pipeline's rules as the configuration has them", async () => {
    const rules = { dates: ['at'], documentId: { field: 'orderId' } };
    const value = { orderId: 7, at: '2026-01-01T00:00:00Z' };
    assert.deepEqual(await transformRecord(({ value: its }) => its, { value }, rules), {
      outcome: 'written',
      document: { _id: 7, orderId: 7, at: new Date(Date.UTC(2026, 0, 1)) },
    });
  });

  test('tells what is skipped, deleted and dead-lettered, and at which stage', async () => {
    const pass = ({ value }: { value: object }) => value;
    const outcomes = await Promise.all([
      transformRecord(() => null, { key: 'o-1', value: {} }),
      transformRecord(pass, { key: 'o-1', value: null }),
      transformRecord(pass, { key: 'o-1', value: 'not JSON' }),
      transformRecord(() => Promise.reject(new TypeError('x')), { key: 'o-1', value: {} }),
      transformRecord(() => [], { key: 'o-1', value: {} }),
      transformRecord(() => ({ _id: 'o-2' }), { key: 'o-1', value: {} }),
      transformRecord(() => ({ _kafka: 1 }), { key: 'o-1', value: {} }),
    ]);
    assert.deepEqual(
      outcomes.map((done) =>
        done.outcome === 'dead-lettered' ? `${done.stage} ${done.code}` : done.outcome,
      ),
      [
        ...['skipped', 'deleted', 'decode NOT_JSON', 'transform TRANSFORM_FAILED'],
        ...['transform TRANSFORM_RESULT', 'id ID_MISMATCH', 'id RESERVED_FIELD'],
      ],
    );
  });

  test('gives the transform what the record says', async () => {
    const record = {
      ...{ topic: 'orders', partition: 3, offset: 1042, timestamp: new Date(5), key: 'o-1' },
      ...{ headers: { trace: 't-1', none: null }, value: Buffer.from('{"a":1}') },
    };
    await transformRecord((its) => {
      assert.deepEqual(its, {
        ...{ topic: 'orders', partition: 3, offset: 1042n, timestamp: new Date(5), key: Buffer.from('o-1') },
        headers: [
          { name: 'trace', value: Buffer.from('t-1') },
          { name: 'none', value: null },
        ],
        value: { a: 1 },
      });
      return null;
    }, record).then((done) => {
      assert.equal(done.outcome, 'skipped', 'the assertion held');
    });
  });

  const REFUSED = [
    [{ values: 'json' }, /no pipeline's: .*topic, /],
    [{ value: 'bson', largeIntegers: 'long' }, /largeIntegers: has a meaning only with/],
  ] as const;
  for (const [rules, message] of REFUSED) {
    test(`refuses rules that could not stand in a configuration: ${Object.keys(rules).join()}`, async () => {
      const refused = transformRecord(() => null, { value: {} }, rules);
      await assert.rejects(refused, { code: 'CONFIG_INVALID', message });
    });
  }
});
