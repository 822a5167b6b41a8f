import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SOURCES = fileURLToPath(new URL('../../src', import.meta.url));

/** Where the time of day is really meant, or another library's own clock is. */
const BY_THE_WALL_CLOCK = [
  // kafkajs keeps it so.
  'kafka/patched-kafkajs.js',
  // Temporal's client takes a deadline as a moment.
  'temporal/errors.js',
  // Whether a certificate has expired.
  'tls.js',
];

/** A person is waiting, and sees what happens. */
const IN_FRONT_OF_PEOPLE = /^(commands|cli)\b/;

test('no duration of a run is measured by the wall clock, which jumps', () => {
  const found = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.js') && !IN_FRONT_OF_PEOPLE.test(path))
    .filter((path) => readFileSync(join(SOURCES, path), 'utf8').includes('Date.now()'));
  assert.deepEqual(found.sort(), BY_THE_WALL_CLOCK);
});
