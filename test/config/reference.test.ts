import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { configReferenceText } from '../../src/config/reference.js';

test('docs/configuration.md is what the schema says', () => {
  const written = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
  assert.equal(written, configReferenceText(), 'run `npm run schema`');
});
