import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { checkMongodb } from '../../src/commands/check-mongodb.js';
import { DrainError } from '../../src/errors.js';
import { openDeadLetters } from '../../src/mongodb/dead-letter-store.js';
import { inspectSetup, setupCollection } from '../../src/mongodb/setup.js';
import type { Sink } from '../../src/mongodb/sink.js';
import { encryptedKey, writePrivate } from '../support/certificates.js';
import { documentedCommands } from '../support/documented-roles.js';
import { startSecuredMongodb, type SecuredMongodb } from '../support/secured-mongodb.js';
import { configuration, configurationFrom } from '../config/builders.js';
import { stackFromEnvironment } from '../support/stack.js';
import { ALL_LETTERS, deadLetter, tombstone, upsert } from './models.js';
import { PASSWORD, refusalsBy, waysTo, type Target } from './refusals.js';
import { createSink } from './target.js';

const NAMES = { database: 'shop', deadLetterCollection: 'orders.dead_letters' };

let mongodb: SecuredMongodb;
before(async () => {
  mongodb = await startSecuredMongodb();
  for (const { database, command } of documentedCommands(PASSWORD)) {
    // what isn't always needed is granted when a test needs it
    if (!('grantPrivilegesToRole' in command)) await mongodb.admin.db(database).command(command);
  }
});
after(() => mongodb[Symbol.asyncDispose]());

const ways = waysTo(() => mongodb);
const { as, trusting, withClient, byCertificate } = ways;
const { signal } = new AbortController();
async function withSink<T>(
  target: Target,
  use: (sink: Sink) => Promise<T>,
  collection = 'orders',
): Promise<T> {
  const options = { ...target, ...NAMES, collection, versionOrder: 'offset' } as const;
  const sink = await createSink({ ...options, listener: { alive: () => undefined } });
  try {
    return await use(sink);
  } finally {
    await sink.close();
  }
}

/** Everything that a run with soft deletes does. */
async function writes(sink: Sink, offset: bigint): Promise<void> {
  const id = `id-${String(offset)}`;
  await sink.check();
  const written = [
    await sink.write([upsert({ id, offset })], signal),
    await sink.write([upsert({ id, offset: offset + 1n })], signal),
    await sink.write([tombstone({ id, offset: offset + 2n })], signal),
    await sink.write([upsert({ id: { topic: 'orders', partition: 0, offset: Number(offset) } })], signal),
  ];
  assert.deepEqual(
    written.map(({ inserted, updated, deleted, rejected }) => [inserted, updated, deleted, rejected.length]),
    [
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
      [1, 0, 0, 0],
    ],
  );
  const large = deadLetter({ offset: offset + 1n, id: `large-${id}`, value: Buffer.alloc(9_000_000) });
  await sink.writeDeadLetters([deadLetter({ offset, id: `letter-${id}` }), large], signal);
  // once more, as after a killed attempt
  await sink.writeDeadLetters([deadLetter({ offset, id: `letter-${id}` })], signal);
}

describe("with the documentation's role for runs a sink does all that runs do", () => {
  test('by a password and SCRAM-SHA-256', () =>
    withSink({ uri: `${as('kafka-drain')}&authMechanism=SCRAM-SHA-256`, tls: trusting() }, (sink) =>
      writes(sink, 100n),
    ));

  test('by a password and SCRAM-SHA-1', () =>
    withSink({ uri: `${as('kafka-drain')}&authMechanism=SCRAM-SHA-1`, tls: trusting() }, (sink) =>
      writes(sink, 200n),
    ));

  test('by a certificate', () =>
    withSink({ uri: byCertificate(), tls: withClient() }, (sink) => writes(sink, 300n)));

  test('by a certificate whose key has a passphrase', () =>
    withSink(
      {
        uri: byCertificate(),
        tls: { ...withClient(), key: encryptedKey(mongodb.client.key, 'open'), passphrase: 'open' },
      },
      (sink) => writes(sink, 400n),
    ));

  test("by the URI's own files", async () => {
    const ca = writePrivate(mongodb.folder, 'uri-ca.pem', mongodb.authority.cert);
    const { cert, key } = mongodb.client;
    const pem = writePrivate(mongodb.folder, 'uri-client.pem', `${encryptedKey(key, 'open')}\n${cert}`);
    const files = `tlsCAFile=${encodeURIComponent(ca)}&tlsCertificateKeyFile=${encodeURIComponent(pem)}`;
    const uri = `${byCertificate()}&tls=true&${files}&tlsCertificateKeyFilePassword=open`;
    await withSink({ uri, tls: null }, (sink) => writes(sink, 500n));
  });

  test('by a password, where TLS wants a certificate of a client', async () => {
    const uri = mongodb.strictUri.replace('//', '//nobody:x@');
    await refusal({ uri, tls: withClient() }, /the password of user "nobody" was not accepted/);
  });
});

describe('dead letters, with the same role', () => {
  const store = () =>
    openDeadLetters({
      uri: as('kafka-drain'),
      tls: trusting(),
      database: 'shop',
      collection: 'orders.dead_letters',
    });

  test('are counted, listed, read and marked as replayed, not discarded', async () => {
    await withSink({ uri: as('kafka-drain'), tls: trusting() }, (sink) => writes(sink, 600n));
    const letters = store();
    try {
      assert.ok((await letters.count(ALL_LETTERS)).length > 0);
      const [listed] = await letters.list(ALL_LETTERS, 1);
      for await (const letter of letters.each({ ...ALL_LETTERS, ids: [listed?.id ?? ''] }))
        assert.ok(letter.value);
      await letters.markReplayed([listed?.id ?? ''], new Date());
      const error = await failureOf(letters.discard(ALL_LETTERS));
      assert.match(error.message, /The user needs the action remove on shop\.orders\.dead_letters/);
    } finally {
      await letters.close();
    }
  });
});

describe('the rights that only some need', () => {
  const target = (): Target => ({ uri: as('kafka-drain'), tls: trusting() });
  const deletes = (sink: Sink) => sink.write([tombstone({ id: 'gone', offset: 9n, purgeAt: null })], signal);

  test('hard deletes are refused without `remove`, which is named, and done with it', async () => {
    await withSink(target(), (sink) => sink.write([upsert({ id: 'gone', offset: 1n })], signal));
    const error = await failureOf(withSink(target(), deletes));
    assert.deepEqual(
      [error.code, error.message],
      [
        'MONGODB_REFUSED',
        "MongoDB refused 'delete' on shop.orders: Unauthorized (code 13). The user needs the action remove on shop.orders; see docs/security.md.",
      ],
    );
    for (const { database, command } of documentedCommands(PASSWORD)) {
      if ('grantPrivilegesToRole' in command) await mongodb.admin.db(database).command(command);
    }
    assert.equal((await withSink(target(), deletes)).deleted, 1);
  });

  test('`setup` is refused to the role for runs, and done by the role for it', async () => {
    const admin = mongodb.admin.db('admin');
    await admin.command({ createUser: 'setup', pwd: PASSWORD, roles: ['kafkaDrainSetup'] });
    const wanted = { ...NAMES, collections: ['orders'], tombstones: true, deadLettersExpireAfterMs: 1_000 };
    const error = await failureOf(setupCollection({ ...target(), ...wanted }));
    assert.match(error.message, /needs the action createIndex on shop\.orders: kafka_drain_purge/);
    const made = await setupCollection({ uri: as('setup'), tls: trusting(), ...wanted });
    assert.ok(made.length > 4 && made.every(({ outcome }) => outcome === 'created'));
    const seen = await inspectSetup({ ...target(), ...wanted });
    assert.ok(seen.every(({ state }) => state === 'present'));
  });
});

/** What `check` finds at MongoDB; `orders`: the pipeline's settings, `null`: none is looked at. */
async function findingsOf(target: Target, orders: string | null): Promise<string[]> {
  const { settings } = configurationFrom(configuration(orders === null ? {} : { orders }));
  const pipelines = orders === null ? new Map() : settings.pipelines;
  Object.assign(settings.mongodb, target);
  const findings = await checkMongodb({ ...settings, pipelines });
  return findings.map(({ state, text }) => `${state} ${text}`);
}

async function failureOf(promise: Promise<unknown>): Promise<DrainError> {
  const failure: unknown = await promise.then(
    () => new Error('it was not refused'),
    (error: unknown) => error,
  );
  if (failure instanceof DrainError) return failure;
  throw failure;
}

const SECRETS = /mongo-secret|not-this|PRIVATE/;

/** Of a run, and of `check`, which says the same. */
async function refusal(target: Target, text: RegExp): Promise<DrainError> {
  const begun = performance.now();
  const [error, [finding = '']] = await Promise.all([
    failureOf(withSink(target, (sink) => sink.check())),
    findingsOf(target, null),
  ]);
  assert.ok(finding.startsWith(`failed ${error.code}: `), finding);
  assert.match(finding, text);
  assert.match(error.message, text);
  assert.doesNotMatch(finding, SECRETS);
  assert.ok(performance.now() - begun < 15_000, `it took ${String(performance.now() - begun)} ms`);
  assert.doesNotMatch(error.message, SECRETS);
  return error;
}

describe(
  'is refused with peer, cause and remedy, without the secret and in under 15 s:',
  { concurrency: 6 },
  () => {
    for (const { rule, target, code = 'MONGODB_REFUSED', text, nameless } of refusalsBy(
      () => mongodb,
      ways,
    )) {
      test(rule, async () => {
        const error = await refusal(await target(), text);
        assert.equal(error.code, code, error.message);
        if (nameless !== true) assert.match(error.message, /(127\.0\.0\.1|localhost):\d+/);
      });
    }
  },
);

test('a user that is removed in the middle of a run ends it, by name', async () => {
  const admin = mongodb.admin.db('admin');
  await admin.command({ createUser: 'leaver', pwd: PASSWORD, roles: ['kafkaDrainRun'] });
  await withSink({ uri: as('leaver'), tls: trusting() }, async (sink) => {
    await sink.write([upsert({ id: 'before', offset: 1n })], signal);
    await admin.command({ dropUser: 'leaver' });
    const error = await failureOf(sink.write([upsert({ id: 'after', offset: 2n })], signal));
    assert.equal(error.code, 'MONGODB_REFUSED');
    assert.match(
      error.message,
      /refused: user "leaver" is no longer known in database "admin": was it removed\?/,
    );
  });
});

describe('check says how and as whom it got where, and which rights runs would miss', () => {
  const SEEN = /^ok replica set rs0, 127\.0\.0\.1:\d+ /;

  test('by a password, a certificate, or nothing', async () => {
    const [password] = await findingsOf({ uri: as('kafka-drain'), tls: trusting() }, null);
    assert.match(password ?? '', new RegExp(`${SEEN.source}over TLS: as "kafka-drain" of database "admin"$`));
    const [certificate] = await findingsOf({ uri: byCertificate(), tls: withClient() }, null);
    assert.match(certificate ?? '', new RegExp(`${SEEN.source}over TLS: as "CN=kafka-drain,OU=clients" of database "\\$external"$`)); // prettier-ignore
    const [nobody] = await findingsOf({ uri: stackFromEnvironment().mongodb, tls: null }, null);
    assert.match(nobody ?? '', new RegExp(`${SEEN.source}without TLS: without authentication$`));
  });

  const RIGHTS = [
    { role: 'the role for runs', roles: ['kafkaDrainRun'], orders: '{ topic: orders }', missing: null },
    {
      role: 'a role for reading',
      roles: [{ role: 'read', db: 'shop' }],
      orders: '{ topic: orders }',
      missing: 'insert, update on shop.orders; insert on shop.orders.dead_letters',
    },
    {
      role: 'a role for other collections',
      roles: ['kafkaDrainRun'],
      orders: '{ topic: orders, collection: others }',
      missing: 'find, insert, update on shop.others; insert on shop.others.dead_letters',
    },
    {
      role: 'a role for the whole database, with hard deletes',
      roles: [{ role: 'readWrite', db: 'shop' }],
      orders: '{ topic: orders, deletes: hard }',
      missing: null,
    },
    {
      role: 'a role for all databases',
      roles: ['readWriteAnyDatabase'],
      orders: '{ topic: orders }',
      missing: null,
    },
    { role: 'the role that may do everything', roles: ['root'], orders: '{ topic: orders }', missing: null },
    {
      role: 'one that may do any action',
      roles: ['__system'],
      orders: '{ topic: orders, deletes: hard }',
      missing: null,
    },
    {
      role: 'a role for another database',
      roles: [{ role: 'readWrite', db: 'warehouse' }],
      orders: '{ topic: orders, deletes: hard }',
      missing: 'find, insert, update, remove on shop.orders; insert on shop.orders.dead_letters',
    },
  ] as const;
  for (const [index, { role, roles, orders, missing }] of RIGHTS.entries()) {
    test(`${role}: ${missing ?? 'none'}`, async () => {
      const user = `user-${String(index)}`;
      await mongodb.admin.db('admin').command({ createUser: user, pwd: PASSWORD, roles: [...roles] });
      const findings = await findingsOf({ uri: as(user), tls: trusting() }, orders);
      const text = `warning the user has no right to ${missing ?? ''}: runs will be refused; see docs/security.md`;
      assert.equal(findings.includes(text), missing !== null, findings.join('\n'));
      // without any right in a database one may not even ask what is there
      const isStranger = findings.some((finding) => finding.startsWith('failed'));
      assert.equal(isStranger, role === 'a role for another database', findings.join('\n'));
    });
  }
});
