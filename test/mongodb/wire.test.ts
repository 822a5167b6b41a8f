import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { requireRawDocuments } from '../../src/mongodb/wire.js';

const require = createRequire(import.meta.url);

test('a driver that sends raw documents in another way, or not at all, is refused before anything is written', () => {
  const commands = require('mongodb/lib/cmap/commands.js') as { DocumentSequence?: unknown };
  const { DocumentSequence: original } = commands;
  class Other {
    push = () => 0;
    toBin = () => Buffer.from([1]);
  }
  try {
    for (const other of [undefined, Other]) {
      commands.DocumentSequence = other;
      assert.throws(requireRawDocuments, { code: 'UNPATCHED_CLIENT', message: /npm ci/ });
    }
  } finally {
    commands.DocumentSequence = original;
  }
  requireRawDocuments();
});
