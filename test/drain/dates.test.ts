import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createToOperation } from '../../src/drain/operation.js';
import { NOW, pipeline, record } from './builders.js';

function decode(dates: string[], value: unknown): unknown {
  const done = createToOperation(pipeline({ dates }), NOW)(record({ value: JSON.stringify(value) }));
  if (done.kind === 'bad') return [done.code, done.reason];
  return done.kind === 'write' && done.model.kind === 'upsert' ? done.model.fields : done;
}

const at = (text: string) => new Date(text);

describe('declared dates', () => {
  test('are read from ISO 8601 with zone, from days, and from milliseconds', () => {
    const value = {
      a: '2026-01-31T12:00:00.5Z',
      b: '2026-01-31T12:00:00+02:00',
      c: '2026-01-31T12:00-0130',
      d: '2026-01-31',
      e: 1_769_860_800_000,
      f: '2024-02-29T23:59:59-05:00',
    };
    assert.deepEqual(decode(['a', 'b', 'c', 'd', 'e', 'f'], value), {
      a: at('2026-01-31T12:00:00.500Z'),
      b: at('2026-01-31T10:00:00.000Z'),
      c: at('2026-01-31T13:30:00.000Z'),
      d: at('2026-01-31T00:00:00.000Z'),
      e: at('2026-01-31T12:00:00.000Z'),
      f: at('2024-03-01T04:59:59.000Z'),
    });
  });

  test('may be missing or null, and lie in objects and arrays', () => {
    const value = {
      items: [{ at: '2026-01-31' }, { at: null }, {}],
      days: ['2026-01-31', null],
      sub: { at: 0 },
    };
    assert.deepEqual(decode(['items.at', 'days', 'sub.at', 'none', 'none.at'], value), {
      items: [{ at: at('2026-01-31') }, { at: null }, {}],
      days: [at('2026-01-31'), null],
      sub: { at: at('1970-01-01') },
    });
  });

  for (const value of [
    'yesterday',
    '2026-01-31T12:00:00',
    '31.01.2026',
    '2026-13-01',
    '2026-02-29',
    '2024-02-30T10:00:00Z',
    '2026-04-31T00:00+02:00',
    '2026-00-10',
    true,
    { a: 1 },
    8.7e15,
    '',
  ]) {
    test(`are nothing else: ${JSON.stringify(value)} makes the record bad, without naming it`, () => {
      assert.deepEqual(decode(['when'], { when: value }), [
        'NOT_A_DATE',
        'the field "when" is neither an ISO 8601 time with zone nor milliseconds',
      ]);
    });
  }

  test('change no other field, and no order', () => {
    const value = { z: '2026-01-31', when: '2026-01-31', a: 1 };
    assert.deepEqual(Object.keys(decode(['when'], value) as object), ['z', 'when', 'a']);
    assert.equal((decode(['when'], value) as { z: unknown }).z, '2026-01-31');
  });
});
