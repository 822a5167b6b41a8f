import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { DrainError } from '../../src/errors.js';
import { temporalOptions } from '../../src/temporal/options.js';

const folder = mkdtempSync(join(tmpdir(), 'kafka-drain-temporal-'));
after(() => rmSync(folder, { recursive: true }));

/** Whatever this machine has in its own temporal.toml doesn't count. */
const NOTHING = { TEMPORAL_CONFIG_FILE: join(folder, 'none.toml') };

function fileWith(text: string): string {
  const path = join(folder, 'temporal.toml');
  writeFileSync(path, text);
  return path;
}

describe('the connection to Temporal', () => {
  test('is that of a dev server where nothing is set', () => {
    const { namespace, connection } = temporalOptions(NOTHING);
    assert.deepEqual(
      [namespace, connection.address, connection.tls],
      ['default', 'localhost:7233', undefined],
    );
  });

  test('comes from the variables that every Temporal tool reads', () => {
    const environment = { ...NOTHING, TEMPORAL_ADDRESS: 'temporal:7233', TEMPORAL_NAMESPACE: 'team-a' };
    const { namespace, connection } = temporalOptions(environment);
    assert.deepEqual([namespace, connection.address], ['team-a', 'temporal:7233']);
  });

  test('comes from temporal.toml, and variables win over it', () => {
    const TEMPORAL_CONFIG_FILE = fileWith(
      '[profile.default]\naddress = "file:7233"\nnamespace = "from-file"\n',
    );
    const { namespace, connection } = temporalOptions({
      TEMPORAL_CONFIG_FILE,
      TEMPORAL_NAMESPACE: 'from-variable',
    });
    assert.deepEqual([namespace, connection.address], ['from-variable', 'file:7233']);
  });

  test('does not use TLS because of variables that are set but empty', () => {
    const environment = { ...NOTHING, TEMPORAL_API_KEY: '', TEMPORAL_ADDRESS: '', TEMPORAL_TLS: '' };
    const { connection } = temporalOptions(environment);
    assert.deepEqual([connection.tls, connection.address], [undefined, 'localhost:7233']);
  });

  test('uses TLS with an API key', () => {
    assert.equal(temporalOptions({ ...NOTHING, TEMPORAL_API_KEY: 'k' }).connection.tls, true);
  });

  test('takes TEMPORAL_TLS in any case, and refuses words that would silently turn it off', () => {
    assert.ok(temporalOptions({ ...NOTHING, TEMPORAL_TLS: 'TRUE' }).connection.tls);
    assert.equal(temporalOptions({ ...NOTHING, TEMPORAL_TLS: '0' }).connection.tls, false);
    assert.throws(
      () => temporalOptions({ ...NOTHING, TEMPORAL_TLS: 'yes' }),
      new DrainError('CONFIG_INVALID', 'TEMPORAL_TLS is "yes"; allowed: 1, true, 0, false'),
    );
  });

  test('that cannot be read is a mistake in the configuration, whose text shows no content of the file', () => {
    const TEMPORAL_CONFIG_FILE = fileWith('[profile.default]\napi_key = "hunter2\n');
    assert.throws(
      () => temporalOptions({ TEMPORAL_CONFIG_FILE }),
      (error: unknown) =>
        error instanceof DrainError &&
        error.code === 'CONFIG_INVALID' &&
        error.message.includes(TEMPORAL_CONFIG_FILE) &&
        !error.message.includes('hunter2'),
    );
  });

  test('from a file without a profile is refused with what is missing', () => {
    const TEMPORAL_CONFIG_FILE = fileWith('# nothing yet\n');
    assert.throws(
      () => temporalOptions({ TEMPORAL_CONFIG_FILE }),
      /the file has no section \[profile\.default\]/,
    );
  });
});
