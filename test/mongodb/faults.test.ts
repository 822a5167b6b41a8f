import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Document } from 'mongodb';
import type { DrainError } from '../../src/errors.js';
import type { WriteModel } from '../../src/mongodb/sink.js';
import { deadLetter, tombstone, upsert } from './models.js';
import { useOwnMongod } from './own-mongod.js';
import { startReplyCutter } from './reply-cutter.js';
import { openTarget } from './target.js';
import type { Target } from './target.js';

const NEVER = new AbortController().signal;
const mongod = useOwnMongod();

/** 101 ids stored at offset 1, and a call that changes 60 of them, inserts 60 new ones and deletes 10 of each. */
async function openWithHistory(options: Parameters<typeof openTarget>[2] = {}): Promise<Target> {
  const target = await openTarget(mongod.uri(), undefined, options);
  const history = Array.from({ length: 100 }, (_, index) => upsert({ id: `old-${index}` }));
  await target.sink.write(history, NEVER);
  // Half known, half new: the next call begins with a lookup.
  await target.sink.write([upsert({ id: 'old-0' }), upsert({ id: 'half' })], NEVER);
  return target;
}

function mixedCall(): WriteModel[] {
  return Array.from({ length: 70 }, (_, index) => {
    const make = index < 60 ? upsert : tombstone;
    return [make({ id: `old-${index}`, offset: 2n }), make({ id: `new-${index}`, offset: 2n })];
  }).flat();
}

/** All 140 records are stored at their version, whatever was resent, and the books balance. */
async function assertAllWritten(target: Target): Promise<void> {
  const result = await target.sink.write(mixedCall(), NEVER);
  const { inserted, updated, deleted, unchanged, rejected } = result;
  assert.equal(inserted + updated + deleted + unchanged, 140);
  assert.deepEqual(rejected, []);
  assert.equal(await target.collection.countDocuments({ '_kafka.offset': 2 }), 140);
  assert.equal(await target.collection.countDocuments({ '_kafka.deleted': true }), 20);
  assert.equal(await target.collection.countDocuments({}), 171);
}

describe('outages: the same records are sent again until the reply is clean', () => {
  const faults: [string, Document][] = [
    ['the connection breaks before the command', { closeConnection: true }],
    ['the primary stepped down (10107)', { errorCode: 10107 }],
    ['the primary is stepping down (11602)', { errorCode: 11602 }],
    ['the primary stepped down (189)', { errorCode: 189 }],
    ['the server is shutting down (91)', { errorCode: 91 }],
    ['the command takes too long (50)', { errorCode: 50 }],
    ['a write conflict (112)', { errorCode: 112 }],
  ];
  const writeConcernFaults: [string, Document][] = [
    [
      'the majority did not acknowledge in time',
      { writeConcernError: { code: 64, errmsg: 'waiting for replication timed out' } },
    ],
    [
      'too few members are there',
      { writeConcernError: { code: 100, errmsg: 'Not enough data-bearing nodes' } },
    ],
    [
      'a stepdown while waiting for the majority',
      { writeConcernError: { code: 11602, errmsg: 'stepped down' } },
    ],
    ['a write concern error of an unknown code', { writeConcernError: { code: 4711, errmsg: 'unknown' } }],
  ];
  const cases = [
    ...['find', 'insert', 'update'].flatMap((command) => faults.map((fault) => [command, ...fault] as const)),
    ...['insert', 'update'].flatMap((command) =>
      writeConcernFaults.map((fault) => [command, ...fault] as const),
    ),
  ];
  for (const [command, title, how] of cases) {
    test(`${command}: ${title}`, async () => {
      await using target = await openWithHistory();
      await mongod.fail([command], how, 2);
      await assertAllWritten(target);
      assert.ok(target.logged.length > 0, 'the fault was met');
    });
  }

  test('a reply that is lost after the write does no harm, and counts what was applied as unchanged', async () => {
    for (const how of ['close', 'hang'] as const) {
      for (const command of ['find', 'insert', 'update']) {
        await using cutter = await startReplyCutter(mongod.port());
        await using target = await openWithHistory({ uri: cutter.uri, commandMs: 1_000 });
        cutter.cutNextReplyTo(`\u0002${command}\u0000`, how);
        await assertAllWritten(target);
        assert.equal(cutter.cuts(), 1, `${command} ${how}`);
      }
    }
  });

  test('every answer and every resend is a sign of life', async () => {
    await using target = await openWithHistory();
    const before = target.signsOfLife();
    await mongod.fail(['find', 'insert', 'update'], { errorCode: 11602 }, 2);
    await assertAllWritten(target);
    assert.ok(target.signsOfLife() >= before + 4);
  });

  test('dead letters are sent again too', async () => {
    for (const how of [{ closeConnection: true }, { writeConcernError: { code: 64, errmsg: 'timed out' } }]) {
      await using target = await openTarget(mongod.uri());
      await mongod.fail(['insert'], how, 2);
      await target.sink.writeDeadLetters([deadLetter(), deadLetter({ offset: 18n })], NEVER);
      assert.equal((await target.deadLetters()).length, 2);
      assert.equal(target.logged.length, 2);
    }
  });
});

describe('outages that last', () => {
  const forever: [string, Document][] = [
    ['no primary', { errorCode: 10107 }],
    ['no majority', { writeConcernError: { code: 64, errmsg: 'secret' } }],
    ['an unknown error of every command', { errorCode: 4711 }],
  ];
  for (const [title, how] of forever) {
    test(`${title}: MONGODB_UNAVAILABLE, retryable, names the collection and no secret`, async () => {
      await using target = await openTarget(mongod.uri(), undefined, { resendForMs: 1 });
      const commands = 'errorCode' in how ? ['find', 'insert', 'update'] : ['insert', 'update'];
      await mongod.fail(commands, how, 1_000);
      for (const write of [
        () => target.sink.write([upsert()], NEVER),
        () => target.sink.write([upsert({ id: 'o-2' })], NEVER),
      ]) {
        await assert.rejects(write(), (error: DrainError) => {
          assert.equal(error.code, 'MONGODB_UNAVAILABLE');
          assert.equal(error.retryable, true);
          assert.match(error.message, new RegExp(`${target.db.databaseName}\\.orders`));
          assert.doesNotMatch(error.message, /mongodb:\/\/|secret/);
          return true;
        });
      }
      await mongod.heal();
    });
  }

  test('an unreachable server is MONGODB_UNAVAILABLE', async () => {
    await using target = await openTarget(mongod.uri(), undefined, {
      ...{ uri: 'mongodb://drain:secret@127.0.0.1:1/?directConnection=true', resendForMs: 1, commandMs: 300 },
    });
    await assert.rejects(target.sink.write([upsert()], NEVER), (error: DrainError) => {
      assert.equal(error.code, 'MONGODB_UNAVAILABLE');
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  });

  test('an aborted signal ends the resending at once, with its reason', async () => {
    await using target = await openTarget(mongod.uri());
    await mongod.fail(['find', 'insert'], { errorCode: 10107 }, 1_000);
    const stop = new AbortController();
    const reason = new Error('asked to stop');
    const written = target.sink.write([upsert()], stop.signal);
    const letters = target.sink.writeDeadLetters([deadLetter()], stop.signal);
    while (target.logged.length < 4) await new Promise((resolve) => setTimeout(resolve, 10));
    stop.abort(reason);
    for (const call of [written, letters]) await assert.rejects(call, (error) => error === reason);
    const resends = target.logged.length;
    await mongod.heal();
    await target.sink.write([upsert({ id: 'later' })], NEVER);
    assert.equal(target.logged.length, resends);
  });

  test('an aborted signal ends a command without a reply at once', async () => {
    await using cutter = await startReplyCutter(mongod.port());
    await using target = await openTarget(mongod.uri(), undefined, { uri: cutter.uri });
    await target.sink.write([upsert()], NEVER);
    cutter.cutNextReplyTo('\u0002insert\u0000', 'hang');
    const stop = new AbortController();
    const reason = new Error('asked to stop');
    const written = target.sink.write([upsert({ id: 'o-2' })], stop.signal);
    while (cutter.cuts() === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    stop.abort(reason);
    await assert.rejects(written, (error) => error === reason);
  });
});

describe('errors of unknown meaning', () => {
  test('every write refused: the server is blamed, no record', async () => {
    await using target = await openTarget(mongod.uri(), undefined, { resendForMs: 1 });
    await mongod.fail(['insert', 'update'], { errorCode: 4711 }, 1_000);
    await assert.rejects(target.sink.write([upsert()], NEVER), { code: 'MONGODB_UNAVAILABLE' });
    await mongod.heal();
  });

  test('one record refused, also alone, while others are taken: the record is blamed', async () => {
    await using target = await openTarget(mongod.uri());
    await target.collection.createIndex({ place: '2dsphere' });
    const models = [upsert({ id: 'a' }, { place: [1, 2] }), upsert({ id: 'b' }, { place: [1, 9_999] })];
    const { inserted, rejected } = await target.sink.write(models, NEVER);
    assert.equal(inserted, 1);
    assert.deepEqual(
      rejected.map(({ model, code }) => [model.id, code]),
      [['b', 'WRITE_REFUSED']],
    );
    assert.doesNotMatch(rejected[0]?.reason ?? '', /9999/);
  });
});

describe('refusals', () => {
  test('missing rights are MONGODB_REFUSED at once: the action is named, the URI and the record are not', async () => {
    for (const action of ['find', 'insert', 'update']) {
      await using target = await openWithHistory();
      await mongod.fail([action], { errorCode: 13 }, 1_000);
      await assert.rejects(target.sink.write(mixedCall(), NEVER), (error: DrainError) => {
        assert.equal(error.code, 'MONGODB_REFUSED');
        assert.equal(error.retryable, false);
        assert.match(error.message, new RegExp(`'${action}' on ${target.db.databaseName}.orders`));
        assert.doesNotMatch(error.message, /mongodb:\/\/|old-|new-/);
        return true;
      });
      await mongod.heal();
      assert.deepEqual(target.logged, []);
    }
  });

  test('a refused dead letter is an error', async () => {
    for (const errorCode of [13, 121]) {
      await using target = await openTarget(mongod.uri());
      await mongod.fail(['insert'], { errorCode }, 1_000);
      const written = target.sink.writeDeadLetters([deadLetter()], NEVER);
      await assert.rejects(written, { code: 'MONGODB_REFUSED' });
      await mongod.heal();
    }
  });

  test('a whole command that is refused for an unknown reason accuses no record before it was sent alone', async () => {
    await using target = await openWithHistory();
    await mongod.fail(['insert', 'update'], { errorCode: 4711 }, 5);
    await assertAllWritten(target);
  });
});
