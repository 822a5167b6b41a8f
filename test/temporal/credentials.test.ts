import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DrainError } from '../../src/errors.js';
import { accessText, temporalOptions, type Environment } from '../../src/temporal/options.js';
import { createAuthority, encryptedKey, writePrivate, type Identity } from '../support/certificates.js';
import { temporaryFolder } from '../support/stack.js';

const folder = temporaryFolder('temporal-credentials');
after(folder.remove);

const KEY_PATH = 'TEMPORAL_TLS_CLIENT_KEY_PATH';
let worker: Identity;
let other: Identity;
let ca: string;
before(async () => {
  const authority = await createAuthority();
  ca = authority.cert;
  worker = await authority.issue({ name: 'worker', unit: 'drains' });
  other = await authority.issue({ name: 'other' });
});

let files = 0;

function file(text: string): string {
  files += 1;
  return writePrivate(folder.path, `${String(files)}.pem`, text);
}

const optionsWith = (environment: Environment) =>
  temporalOptions({ TEMPORAL_CONFIG_FILE: join(folder.path, 'none.toml'), ...environment });

const withPair = (cert: string, key: string): Environment => ({
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: file(ca),
  TEMPORAL_TLS_CLIENT_CERT_PATH: file(cert),
  [KEY_PATH]: file(key),
});

interface Mistake {
  rule: string;
  environment: () => Environment;
  text: RegExp;
}

const MISTAKES: readonly Mistake[] = [
  {
    rule: 'a file that is not there',
    environment: () => ({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/nowhere/ca.pem' }),
    text: /TEMPORAL_TLS_SERVER_CA_CERT_PATH \(\/nowhere\/ca\.pem\) can't be read: there is no such file$/,
  },
  {
    rule: 'an authority that is no certificate, which the libraries ignore',
    environment: () => ({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: file('nonsense') }),
    text: /TEMPORAL_TLS_SERVER_CA_CERT_PATH \(.*\.pem\) holds no certificate in PEM/,
  },
  {
    rule: 'a certificate in a variable that is damaged',
    environment: () => ({
      TEMPORAL_TLS_CLIENT_CERT_DATA: worker.cert.replace('M', '!'),
      TEMPORAL_TLS_CLIENT_KEY_DATA: worker.key,
    }),
    text: /TEMPORAL_TLS_CLIENT_CERT_DATA holds a certificate that is damaged/,
  },
  {
    rule: 'a key that is none',
    environment: () => withPair(worker.cert, worker.cert),
    text: /TEMPORAL_TLS_CLIENT_KEY_PATH \(.*\.pem\) holds no private key in PEM/,
  },
  {
    rule: 'a key of another certificate',
    environment: () => withPair(worker.cert, other.key),
    text: /TEMPORAL_TLS_CLIENT_KEY_PATH \(.*\.pem\) is not the private key of the certificate/,
  },
  {
    rule: 'a key with a passphrase',
    environment: () => withPair(worker.cert, encryptedKey(worker.key, 'open')),
    text: /TEMPORAL_TLS_CLIENT_KEY_PATH \(.*\.pem\) is encrypted, which Temporal's libraries can't read/,
  },
  {
    rule: 'a certificate without its key, which the libraries ignore',
    environment: () => ({ TEMPORAL_TLS_CLIENT_CERT_PATH: file(worker.cert) }),
    text: /of TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH only one is set/,
  },
  {
    rule: 'an API key with a line break, which the libraries quote or leave out',
    environment: () => ({ TEMPORAL_API_KEY: 'hunter2\n' }),
    text: /TEMPORAL_API_KEY has a line break/,
  },
];

describe('credentials for Temporal are looked at before anything is sent: refused is', () => {
  for (const { rule, environment, text } of MISTAKES) {
    test(rule, () => {
      assert.throws(
        () => optionsWith(environment()),
        (error: unknown) => {
          assert.ok(error instanceof DrainError);
          assert.equal(error.code, 'CONFIG_INVALID');
          assert.match(error.message, text);
          assert.doesNotMatch(error.message, /hunter2|-----BEGIN [A-Z ]+-----\w/);
          return true;
        },
      );
    });
  }
});

describe('credentials for Temporal', () => {
  test('are not looked at where TLS is off', () => {
    const { connection, warnings } = optionsWith({
      TEMPORAL_TLS: 'false',
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/nowhere/ca.pem',
      [KEY_PATH]: join(folder.path, 'nowhere.key'),
    });
    assert.equal(connection.tls, false);
    assert.deepEqual(warnings, []);
  });

  test('are told by the name in the certificate, and without the API key', () => {
    const access = (environment: Environment) => accessText(optionsWith(environment).connection);
    assert.equal(access({}), 'without TLS');
    assert.equal(access({ TEMPORAL_TLS: 'true' }), 'with TLS');
    assert.equal(
      access(withPair(worker.cert, worker.key)),
      'with TLS, client certificate CN=worker,OU=drains',
    );
    assert.equal(access({ TEMPORAL_API_KEY: 'hunter2' }), 'with TLS, with an API key');
    assert.equal(
      access({ TEMPORAL_API_KEY: 'hunter2', TEMPORAL_TLS: 'false' }),
      'without TLS, with an API key',
    );
  });

  test('warn of a key that every user of the machine can read', () => {
    const environment = withPair(worker.cert, worker.key);
    assert.deepEqual(optionsWith(environment).warnings, []);
    const path = environment[KEY_PATH] ?? '';
    chmodSync(path, 0o644);
    assert.deepEqual(optionsWith(environment).warnings, [
      `${KEY_PATH} (${path}): every user of this machine can read the file; chmod 600 it`,
    ]);
  });

  test('warn of a client certificate that ends soon or has ended, by the name of its file', async () => {
    const authority = await createAuthority();
    const warningsOf = async (subject: { expired?: boolean; endsSoon?: boolean }, tls = 'true') => {
      const { cert, key } = await authority.issue({ name: 'worker', ...subject });
      const environment = withPair(cert, key);
      const path = environment['TEMPORAL_TLS_CLIENT_CERT_PATH'] ?? '';
      const { warnings } = optionsWith({ ...environment, TEMPORAL_TLS: tls });
      return warnings.map((text) => text.replace(path, 'FILE').replace(/ on \w+ .* GMT/, ''));
    };
    const name = 'the certificate in TEMPORAL_TLS_CLIENT_CERT_PATH (FILE)';
    assert.deepEqual(await warningsOf({ endsSoon: true }), [`${name} expires: renew it`]);
    assert.deepEqual(await warningsOf({ expired: true }), [`${name} expired`]);
    assert.deepEqual(await warningsOf({ expired: true }, 'false'), [], 'nobody is shown it');
  });

  test('warn of an API key that is sent without TLS', () => {
    const [warning, ...others] = optionsWith({ TEMPORAL_API_KEY: 'hunter2', TEMPORAL_TLS: '0' }).warnings;
    assert.match(warning ?? '', /^TEMPORAL_API_KEY is sent without TLS/);
    assert.deepEqual(others, []);
  });
});

test('a temporal.toml with an API key that every user can read is warned of', () => {
  const TEMPORAL_CONFIG_FILE = join(folder.path, 'open.toml');
  writeFileSync(TEMPORAL_CONFIG_FILE, '[profile.default]\napi_key = "secret"\n');
  const warningsWith = (mode: number, environment: Environment = {}) => {
    chmodSync(TEMPORAL_CONFIG_FILE, mode);
    return temporalOptions({ TEMPORAL_CONFIG_FILE, ...environment }).warnings;
  };
  const text = 'in which a key stands: every user of this machine can read the file; chmod 600 it';
  assert.deepEqual(warningsWith(0o644), [`TEMPORAL_CONFIG_FILE (${TEMPORAL_CONFIG_FILE}), ${text}`]);
  assert.deepEqual(warningsWith(0o600), []);
  assert.deepEqual(warningsWith(0o644, { TEMPORAL_API_KEY: 'from elsewhere' }), []);
});
