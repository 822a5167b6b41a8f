import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { after, before, describe, test } from 'node:test';
import { withTemporal } from '../../../src/commands/temporal-client.js';
import { DrainError } from '../../../src/errors.js';
import { workerError } from '../../../src/temporal/errors.js';
import { temporalOptions } from '../../../src/temporal/options.js';
import { connect } from '../../../src/worker.js';
import { commandsOf } from '../../commands/cli.js';
import { createAuthority, writePrivate, type Authority, type Identity } from '../../support/certificates.js';
import { createScenario, type Scenario } from '../../support/scenario.js';
import { stackFromEnvironment, temporaryFolder } from '../../support/stack.js';
import { openKeyDoor, openTlsDoor, type Door } from '../../support/temporal-doors.js';

const API_KEY = 'the-right-key';
const WRONG_KEY = 'the-wrong-key';
const SERVER_NAME = 'temporal.example.com';

const folder = temporaryFolder('temporal-access');
const temporal = stackFromEnvironment().temporal;
const doors = new Map<DoorName, Door>();
const paths = new Map<string, string>();
let authority: Authority;

type DoorName = 'tls' | 'mtls' | 'expired' | 'elsewhere' | 'key' | 'keyButSystemInfo';

before(async () => {
  authority = await createAuthority();
  const foreign = await createAuthority('another');
  const identity = await authority.issue({ name: 'temporal' });
  const show = async (subject: Parameters<Authority['issue']>[0]) =>
    openTlsDoor({ temporal, identity: await authority.issue(subject) });
  doors.set('tls', await openTlsDoor({ temporal, identity }));
  doors.set('mtls', await openTlsDoor({ temporal, identity, clientAuthority: authority.cert }));
  doors.set('expired', await show({ name: 'temporal', expired: true }));
  doors.set('elsewhere', await show({ name: 'temporal', hosts: [SERVER_NAME] }));
  doors.set('key', await openKeyDoor({ temporal, identity, apiKey: API_KEY }));
  const isOpen = (method: string) => method === 'GetSystemInfo';
  doors.set('keyButSystemInfo', await openKeyDoor({ temporal, identity, apiKey: API_KEY, isOpen }));
  paths.set('ca', writePrivate(folder.path, 'ca.pem', authority.cert));
  paths.set('foreign-ca', writePrivate(folder.path, 'foreign-ca.pem', foreign.cert));
  store('worker', await authority.issue({ name: 'worker' }));
  store('expired', await authority.issue({ name: 'worker', expired: true }));
  store('foreign', await foreign.issue({ name: 'worker' }));
});
after(async () => {
  await Promise.all([...doors.values()].map((door) => door[Symbol.asyncDispose]()));
  folder.remove();
});

function store(name: string, { cert, key }: Identity): void {
  paths.set(`${name}-cert`, writePrivate(folder.path, `${name}.pem`, cert));
  paths.set(`${name}-key`, writePrivate(folder.path, `${name}-key.pem`, key));
}

const pathOf = (name: string) => paths.get(name) ?? assert.fail(name);

/** Whatever this machine has in its own temporal.toml doesn't count. */
function at(door: DoorName | 'plaintext', others: Record<string, string> = {}): Record<string, string> {
  return {
    TEMPORAL_ADDRESS: door === 'plaintext' ? temporal : (doors.get(door)?.address ?? assert.fail(door)),
    TEMPORAL_CONFIG_FILE: `${folder.path}/none.toml`,
    ...others,
  };
}

const trusting = (ca = 'ca') => ({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: pathOf(ca) });
const withCertificate = (name: string) => ({
  ...trusting(),
  TEMPORAL_TLS_CLIENT_CERT_PATH: pathOf(`${name}-cert`),
  TEMPORAL_TLS_CLIENT_KEY_PATH: pathOf(`${name}-key`),
});

async function drains(environment: Record<string, string>, access: RegExp): Promise<void> {
  const scenario = await createScenario({ partitions: 1, temporal: environment });
  try {
    await scenario.produce([{ key: 'a', value: '{}' }]);
    const { code, data } = await commandsOf(scenario).check();
    const text = data.map((finding) => `${finding.area} ${finding.state} ${finding.text}`).join('\n');
    assert.equal(code, 0, text);
    assert.match(text, access);
    await scenario.startWorker();
    const { code: ended, stderr } = await commandsOf(scenario).call('run', scenario.name, '--wait');
    assert.equal(ended, 0, stderr);
    assert.equal(await scenario.collection.countDocuments(), 1);
  } finally {
    await scenario.close();
  }
}

describe('worker and commands drain with a Temporal server', () => {
  test('that wants a client certificate', () =>
    drains(
      at('mtls', withCertificate('worker')),
      /^temporal ok \S+: reached with TLS, client certificate CN=worker$/m,
    ));

  test('that wants an API key, by a profile in temporal.toml', () => {
    const profile = `[profile.production]
address = "${at('key')['TEMPORAL_ADDRESS'] ?? ''}"
api_key = "${API_KEY}"
[profile.production.tls]
server_ca_cert_path = "${pathOf('ca')}"
`;
    const TEMPORAL_CONFIG_FILE = writePrivate(folder.path, 'temporal.toml', profile);
    return drains(
      { TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE: 'production' },
      /^temporal ok \S+: reached with TLS, with an API key$/m,
    );
  });

  test('whose certificate is for another host name, which is set', async () => {
    const environment = at('elsewhere', { ...trusting(), TEMPORAL_TLS_SERVER_NAME: SERVER_NAME });
    const access = await withTemporal({ environment }, (reached) => Promise.resolve(reached.access));
    assert.equal(access, 'with TLS');
    await (await connect(temporalOptions(environment))).close();
  });
});

interface Refusal {
  rule: string;
  environment: () => Record<string, string>;
  text: RegExp;
}

const REFUSALS: readonly Refusal[] = [
  {
    rule: 'a certificate of another authority',
    environment: () => at('tls', trusting('foreign-ca')),
    text: /its certificate is not signed by the CA in TEMPORAL_TLS_SERVER_CA_CERT_PATH/,
  },
  {
    rule: 'a certificate of a private authority that nobody has named',
    environment: () => at('tls', { TEMPORAL_TLS: 'true' }),
    text: /its certificate is not signed by the CA in TEMPORAL_TLS_SERVER_CA_CERT_PATH, which is not set, nor by an authority that Node\.js trusts/,
  },
  {
    rule: 'an expired certificate',
    environment: () => at('expired', trusting()),
    text: /its certificate has expired/,
  },
  {
    rule: 'a certificate for another host name',
    environment: () => at('elsewhere', trusting()),
    text: /its certificate is for another host name than the one in TEMPORAL_ADDRESS .*TEMPORAL_TLS_SERVER_NAME/,
  },
  {
    rule: 'no client certificate where one is wanted',
    environment: () => at('mtls', trusting()),
    text: /it wants a client certificate: set TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH/,
  },
  {
    rule: 'an expired client certificate',
    environment: () => at('mtls', withCertificate('expired')),
    text: /the client certificate in TEMPORAL_TLS_CLIENT_CERT_PATH expired on \w/,
  },
  {
    rule: 'a client certificate of another authority',
    environment: () => at('mtls', withCertificate('foreign')),
    text: /it does not accept the client certificate in TEMPORAL_TLS_CLIENT_CERT_PATH \(another CA, or expired\)/,
  },
  {
    rule: 'plaintext where TLS is spoken',
    environment: () => at('tls'),
    text: /this port speaks TLS only: set TEMPORAL_TLS=true/,
  },
  {
    rule: 'TLS where plaintext is spoken',
    environment: () => at('plaintext', trusting()),
    text: /this port does not speak TLS: use its TLS port, or remove TEMPORAL_TLS/,
  },
  {
    rule: 'a wrong API key',
    environment: () => at('key', { ...trusting(), TEMPORAL_API_KEY: WRONG_KEY }),
    text: /it doesn't let us into namespace default, or do there what was asked: check TEMPORAL_API_KEY/,
  },
  {
    rule: 'no API key where one is wanted',
    environment: () => at('key', trusting()),
    text: /it doesn't let us into namespace default, or do there what was asked: set TEMPORAL_API_KEY/,
  },
];

async function errorOf(work: Promise<unknown>): Promise<DrainError> {
  const error: unknown = await work.then(
    () => assert.fail('it was not refused'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof DrainError, String(error));
  return error;
}

describe('by name, cause and remedy, and never with a secret, is told', () => {
  for (const { rule, environment, text } of REFUSALS) {
    test(rule, async () => {
      const variables = environment();
      const errors = await Promise.all([
        errorOf(withTemporal({ environment: variables }, () => Promise.resolve())),
        errorOf(connect(temporalOptions(variables))),
      ]);
      for (const { code, message } of errors) {
        assert.match(message, text);
        assert.ok(
          message.startsWith(`Temporal at ${variables['TEMPORAL_ADDRESS'] ?? ''} refused: `),
          message,
        );
        assert.equal(code, 'TEMPORAL_REFUSED');
        assert.ok(!message.includes(WRONG_KEY));
      }
    });
  }
});

test('an error that only speaks of a missing right is not taken for one of the connection', async () => {
  const reason = new Error('PERMISSION_DENIED: code: PermissionDenied');
  const asked = withTemporal({ environment: at('plaintext') }, () => Promise.reject(reason));
  await assert.rejects(asked, reason);
});

describe('where an API key is not accepted', () => {
  let scenario: Scenario;
  before(async () => {
    const environment = at('keyButSystemInfo', { ...trusting(), TEMPORAL_API_KEY: WRONG_KEY });
    scenario = await createScenario({ partitions: 1, temporal: environment });
  });
  after(() => scenario.close());

  test('check says so before a worker is started', async () => {
    const { code, stdout, stderr } = await commandsOf(scenario).call('check');
    assert.equal(code, 1);
    assert.match(stdout, /temporal +TEMPORAL_REFUSED: Temporal at \S+ refused: .*TEMPORAL_API_KEY/);
    assert.ok(!`${stdout}${stderr}`.includes(WRONG_KEY));
  });

  test('a worker ends with it, although the connection came about', async () => {
    const { code, stderr } = await commandsOf(scenario).call('worker');
    assert.equal(code, 1);
    assert.match(stderr, /TEMPORAL_REFUSED: Temporal at \S+ refused: .*TEMPORAL_API_KEY/);
    assert.ok(!stderr.includes(WRONG_KEY));
  });
});

test('a worker that Temporal refuses while it runs ends with that, although its library has no status for it', async () => {
  const options = temporalOptions(at('keyButSystemInfo', { ...trusting(), TEMPORAL_API_KEY: WRONG_KEY }));
  const connection = await connect(options);
  try {
    const told = Object.assign(new Error('Request unauthorized.'), { name: 'TransportError' });
    const error = await workerError(told, connection, options);
    assert.ok(error instanceof DrainError && error.code === 'TEMPORAL_REFUSED', String(error));
    assert.match(error.message, /check TEMPORAL_API_KEY: expired, revoked, or of another namespace/);
    const other = new Error('Request unauthorized.');
    assert.equal(await workerError(other, connection, options), other);
  } finally {
    await connection.close();
  }
});

test('check and worker warn of an API key that is sent without TLS', async () => {
  const environment = at('plaintext', { TEMPORAL_API_KEY: API_KEY, TEMPORAL_TLS: 'false' });
  const scenario = await createScenario({ partitions: 1, temporal: environment });
  try {
    const { stdout } = await commandsOf(scenario).call('check');
    assert.match(stdout, /^warning +temporal +TEMPORAL_API_KEY is sent without TLS/m);
    const worker = await scenario.startWorker();
    assert.match(worker.log(), /"level":"WARN","message":"TEMPORAL_API_KEY is sent without TLS/);
    assert.ok(!`${stdout}${worker.log()}`.includes(API_KEY));
  } finally {
    await scenario.close();
  }
});

test('a server that takes the handshake and closes at once is not said to refuse a certificate for sure', async () => {
  const options = { ...(await authority.issue({ name: 'balancer' })), ALPNProtocols: ['h2'] };
  await using balancer = createServer(options, (socket) =>
    socket.on('error', () => undefined).end(() => socket.destroy()),
  ).listen(0, '127.0.0.1');
  await once(balancer, 'listening');
  const { port } = balancer.address() as AddressInfo;
  const environment = { ...at('tls', trusting()), TEMPORAL_ADDRESS: `127.0.0.1:${String(port)}` };
  const { message } = await errorOf(connect(temporalOptions(environment)));
  assert.match(
    message,
    /takes the TLS handshake and then closes the connection without a word; most likely it wants a client certificate: .*; otherwise there is no Temporal behind this address/,
  );
});
