import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createStyle } from '../../src/commands/style.js';
import { elapsed, table } from '../../src/commands/table.js';

describe('a table', () => {
  test('has numbers to the right, texts to the left and a dash for nothing', () => {
    const rows = [
      ['drained', 1_234_567, null],
      ['idle', 5, 'x'],
    ];
    assert.deepEqual(table(['ended', 'read', 'note'], rows).split('\n'), [
      'ended         read  note',
      'drained  1,234,567  –',
      'idle             5  x',
    ]);
  });

  test('is not bent by colours', () => {
    const { bad } = createStyle(true);
    const lines = table(['a', 'b'], [[bad('failed'), 'x']]).split('\n');
    assert.equal(lines[0], 'a       b');
    assert.equal(lines[1], '\u001b[31mfailed\u001b[0m  x');
  });
});

describe('elapsed time', () => {
  for (const [durationMs, text] of [
    [0, '0ms'],
    [846, '846ms'],
    [1_840, '1.8s'],
    [59_940, '59.9s'],
    [59_960, '1m'],
    [252_400, '4m12s'],
    [3_600_000, '1h'],
  ] as const) {
    test(`of ${durationMs} ms is ${text}`, () => assert.equal(elapsed(durationMs), text));
  }
});
