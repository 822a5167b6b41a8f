import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { WARNING_CODES } from '../../src/contract.js';
import { DEAD_LETTER_CODES } from '../../src/drain/bad-record.js';
import { ERROR_CODES } from '../../src/errors.js';
import { repositoryFolder } from '../../stack/binaries.js';

/** Of `workflows/failure.ts` and `commands/run-outcome.ts`. */
const ENDINGS = ['TIMED_OUT', 'CANCELLED', 'TERMINATED'];

/** The cells of each row that begins with a code, by the heading above it. */
function rowsOf(heading: string): string[][] {
  const text = readFileSync(join(repositoryFolder, 'docs', 'errors.md'), 'utf8');
  const part = text.split(/^## /m).find((section) => section.startsWith(`${heading}\n`)) ?? '';
  return part
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));
}

function codesOf(heading: string): string[] {
  return rowsOf(heading)
    .map(([, code = '']) => code)
    .sort();
}

test('docs/errors.md has every error code that exists, and no other', () => {
  assert.deepEqual(codesOf('Errors'), [...Object.keys(ERROR_CODES), ...ENDINGS].sort());
});

test('docs/errors.md says of every error whether trying again may help, as it is', () => {
  const again = rowsOf('Errors').filter(([, code = '']) => !ENDINGS.includes(code));
  assert.deepEqual(Object.fromEntries(again.map(([, code, word]) => [code, word === 'yes'])), ERROR_CODES);
});

test('docs/errors.md has every code of dead letters that exists, and no other', () => {
  assert.deepEqual(codesOf('Dead letters'), [...DEAD_LETTER_CODES]);
});

test('docs/errors.md has every code of warnings that exists, and no other', () => {
  assert.deepEqual(codesOf('Warnings'), [...WARNING_CODES].sort());
});
