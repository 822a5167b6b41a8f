import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyPlainText, type TextLimits } from '../../src/mongodb/plain-text.js';

const ENDS = [0x00, 0x0a, 0x1f, 0x22, 0x5c];
const PLAIN = [0x20, 0x21, 0x23, 0x2f, 0x5b, 0x5d, 0x7f, 0x80, 0xa2, 0xdc, 0xff];

const ASCII = PLAIN.filter((byte) => byte < 0x80);

const FREE = 0xee;
const out = Buffer.alloc(64);

/** Where it ends; just what is before that was copied, wherever it goes. */
function endOfPlainText(json: Buffer, from: number, limits: TextLimits): number {
  const to = 8 + (from % 5);
  out.fill(FREE);
  const end = copyPlainText(json, from, limits, out, to);
  assert.equal(out.compare(json, from, end, to, to + end - from), 0);
  assert.deepEqual([out[to - 1], out[to + end - from]], [FREE, FREE]);
  return end;
}

const limits = ({ length }: Buffer, isWide: boolean) => ({ end: length, isWide });

function assertFoundAnywhere(ends: readonly number[], plain: readonly number[], isWide: boolean): void {
  const memory = Buffer.alloc(200);
  for (let offset = 0; offset < 8; offset += 1) {
    for (let length = 0; length < 24; length += 1) {
      for (const [index, end] of ends.entries()) {
        const json = memory.subarray(offset, offset + length + 5);
        for (let at = 0; at < json.length; at += 1) json[at] = plain[(at + index) % plain.length] ?? 0;
        json[length] = end;
        for (let from = 0; from <= length; from += 1)
          assert.equal(endOfPlainText(json, from, limits(json, isWide)), length);
        assert.equal(endOfPlainText(json, length + 1, limits(json, isWide)), json.length);
      }
    }
  }
}

test('a quote, a backslash or a control character is found at any place of a text, wherever it lies in memory', () => {
  assertFoundAnywhere(ENDS, PLAIN, true);
});

test('the same where all else is ASCII, and what is not', () => {
  assertFoundAnywhere([...ENDS, 0x80, 0xa2, 0xdc, 0xff], ASCII, false);
});

test('every byte is plain or not, whatever stands beside it', () => {
  for (let byte = 0; byte < 256; byte += 1) {
    for (const beside of [...PLAIN, byte]) {
      const json = Buffer.from([0x41, 0x41, 0x41, 0x41, byte, beside, 0x41, 0x41, 0x41]);
      const plain = (value: number) => value >= 0x20 && value !== 0x22 && value !== 0x5c;
      const ascii = (value: number) => plain(value) && value < 0x80;
      assert.equal(endOfPlainText(json, 0, limits(json, true)), !plain(byte) ? 4 : !plain(beside) ? 5 : 9);
      assert.equal(
        endOfPlainText(json, 0, { end: 9, isWide: false }),
        !ascii(byte) ? 4 : !ascii(beside) ? 5 : 9,
      );
    }
  }
});

test('nothing is seen behind the end of a short stretch, wherever it lies in memory', () => {
  const memory = Buffer.alloc(32, 0x41);
  for (let from = 0; from < 12; from += 1)
    for (let end = from; end < 24; end += 1)
      for (const isWide of [true, false]) assert.equal(endOfPlainText(memory, from, { end, isWide }), end);
});

test('nothing is seen behind the end of the bytes, nor of a buffer whose bytes were changed', () => {
  const memory = Buffer.alloc(64, 0x41);
  memory[40] = 0x22;
  for (const isWide of [true, false]) {
    memory[20] = 0x41;
    assert.equal(endOfPlainText(memory, 3, { end: 30, isWide }), 30);
    memory[20] = 0x5c;
    assert.equal(endOfPlainText(memory, 3, { end: 30, isWide }), 20);
  }
});

test('a text goes to where it shall, in one buffer after another', () => {
  const json = Buffer.from('x'.repeat(5) + 'Wörter und 7 Zahlen, '.repeat(20));
  const buffers = [Buffer.alloc(500), Buffer.alloc(600).subarray(3), Buffer.alloc(500)];
  for (const [index, buffer] of [...buffers, ...buffers].entries()) {
    const end = copyPlainText(json, index, { end: json.length - index, isWide: true }, buffer, 2 * index);
    assert.equal(end, json.length - index);
    assert.deepEqual(buffer.subarray(2 * index, 2 * index + end - index), json.subarray(index, end));
  }
});
