import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BSON, Binary, Code, Decimal128, Double, Long, MaxKey, MinKey, MongoClient, ObjectId, Timestamp } from 'mongodb'; // prettier-ignore
import type { Document } from 'mongodb';
import { commandsOn } from '../../src/mongodb/commands.js';
import type { Commands } from '../../src/mongodb/commands.js';
import { look } from '../../src/mongodb/look.js';
import { settle } from '../../src/mongodb/settle.js';
import type { Version, VersionOrder, VersionValue, WriteModel } from '../../src/mongodb/sink.js';
import { nothing } from '../../src/mongodb/steps.js';
import { toVersionValue } from '../../src/mongodb/version-values.js';
import type { Write } from '../../src/mongodb/write.js';
import { stackFromEnvironment } from '../support/stack.js';
import { BASE_TIME, seededRandom, tombstone, upsert } from './models.js';
import { LISTENER, NEVER, settlingOn, toItems, writeOn } from './settling.js';
import { openTarget } from './target.js';
import type { Target } from './target.js';

const open = (): Promise<Target> => openTarget(stackFromEnvironment().mongodb);

async function bytesById({ db }: Target): Promise<Map<string, string>> {
  const documents = await db.collection('orders').find({}, { raw: true }).toArray();
  return new Map(
    documents.map((raw) => {
      const bytes = raw as unknown as Buffer;
      return [String(BSON.deserialize(bytes)['_id']), bytes.toString('hex')];
    }),
  );
}

/** Which items a look settles, and which the server's own guard leaves as they are. All must be stored. */
async function comparedWithGuard(
  target: Target,
  models: readonly WriteModel[],
  order: VersionOrder,
): Promise<{ settled: Set<string>; kept: Set<string> }> {
  const items = toItems(models);
  const settling = settlingOn(target, order);
  const standing = await look(items, settling);
  assert.deepEqual(
    [standing.missing, standing.unknown, standing.accused, standing.outage],
    [[], [], [], null],
  );
  const older = new Set(standing.stored.map(({ model }) => String(model.id)));
  const settled = new Set(models.map(({ id }) => String(id)).filter((id) => !older.has(id)));
  const before = await bytesById(target);
  await settle({ ...nothing(), stored: items }, settling);
  const after = await bytesById(target);
  const kept = new Set([...before].filter(([id, bytes]) => after.get(id) === bytes).map(([id]) => id));
  return { settled, kept };
}

const DECLARED = [0, 1, 1.5, -2.25, 2n ** 53n + 1n, 2n ** 64n, '', '1', 'a', 'ü', '\uffff', '\u{1f600}', '\u0003_kafka\u0000'].concat(
  [new Date(BASE_TIME), new ObjectId('00ffffffffffffffffffffff'), new Timestamp({ t: 1, i: 2 }), Decimal128.fromString('0.1')] as never[],
); // prettier-ignore

function versionBy(random: () => number, order: VersionOrder): Version {
  const below = (bound: number) => Math.floor(random() * bound);
  const scalar = (): VersionValue => toVersionValue(DECLARED[below(DECLARED.length)]) ?? 0n;
  return {
    partition: `orders-${below(12)}`,
    offset: [0n, 1n, 2n ** 31n, 2n ** 53n + 1n][below(4)] ?? 0n,
    timestampMs: [-1, 0, 1000, BASE_TIME, 9e15][below(5)] ?? -1,
    epoch: 1 + below(2),
    ...(order === 'declared' && { declared: random() < 0.7 ? scalar() : [scalar(), scalar()] }),
  };
}

/** The versions before and after are mostly alike in all but one thing. */
function pairBy(random: () => number, order: VersionOrder): [Version, Version] {
  const [a, b] = [versionBy(random, order), versionBy(random, order)];
  const names = Object.keys(b) as (keyof Version)[];
  const name = names[Math.floor(random() * names.length)] ?? 'offset';
  return [a, [b, a, { ...a, [name]: b[name] }][Math.floor(random() * 3)] ?? b];
}

function modelBy(random: () => number, id: string, version: Version, fields: object): WriteModel {
  const purgeAt = new Date(BASE_TIME + Math.floor(random() * 2));
  return random() < 0.3
    ? tombstone({ id, purgeAt, ...version })
    : upsert({ id, ...version }, fields as Document);
}

describe('a look at what is stored', () => {
  for (const order of ['offset', 'timestamp', 'declared'] as const) {
    test(`settles exactly what the guard would leave as it is (${order})`, async () => {
      const random = seededRandom(order.length);
      const pairs = Array.from({ length: 4_000 }, (_, id) => {
        const [a, b] = pairBy(random, order);
        const text = `o-${id}`;
        return [
          modelBy(random, text, a, { n: 1 }),
          modelBy(random, text, b, { n: random() < 0.5 ? 1 : 2 }),
        ] as const;
      });
      await using target = await open();
      const firsts = pairs.map(([first]) => first);
      await settle({ ...nothing(), missing: toItems(firsts) }, settlingOn(target, order));
      const seconds = pairs.map(([, second]) => second);
      const { settled, kept } = await comparedWithGuard(target, seconds, order);
      assert.ok(settled.size > 500 && settled.size < 3_500, String(settled.size));
      for (const { id, version } of seconds)
        assert.equal(settled.has(String(id)), kept.has(String(id)), `${String(id)} ${version.partition}`);
    });
  }

  test('settles nothing of documents that others wrote, whatever they call a version', async () => {
    const newer = { partition: 'orders-0', offset: 99n, timestamp: new Date(BASE_TIME + 99) };
    const reserved: unknown[] = [
      ...[undefined, null, 'x', 7, [newer], {}, { ...newer, offset: 99.5 }, { ...newer, partition: null }],
      ...[
        { ...newer, timestamp: 'late' },
        { ...newer, timestamp: new Date(-5) },
        { ...newer, epoch: 'two' },
      ],
      ...[
        { ...newer, version: true },
        { ...newer, version: new Double(1.5) },
      ],
    ];
    await using target = await open();
    const documents = reserved.map((_kafka, index) => ({
      _id: `o-${index}` as never,
      ...(_kafka === undefined ? {} : { _kafka }),
    }));
    await target.collection.insertMany(documents);
    const models = documents.map(({ _id }) => upsert({ id: _id }));
    const standing = await look(toItems(models), settlingOn(target, 'declared'));
    assert.equal(standing.stored.length, models.length);
  });

  test("finds the version behind values of every type, and isn't misled by what looks like one", async () => {
    const decoy = { partition: 'orders-0', offset: 99n, timestamp: new Date(BASE_TIME + 99) };
    const values = [1.5, 'text', decoy, [decoy], new Binary(Buffer.from('_kafka')), new Binary(Buffer.alloc(9), 2), new ObjectId(), true, new Date(), null, /a\/b/gi, new Code('f()'), new Code('f()', { _kafka: decoy }), 7, new Timestamp({ t: 1, i: 2 }), Long.MAX_VALUE, Decimal128.fromString('1.5'), new MinKey(), new MaxKey(), new BSON.BSONSymbol('s'), new BSON.DBRef('c', new ObjectId())]; // prettier-ignore
    await using target = await open();
    const before = Object.fromEntries(values.map((value, index) => [`v${index}`, value]));
    await target.collection.insertOne({
      _id: 'o-1' as never,
      ...before,
      nested: { _kafka: decoy },
      _kafka: { partition: 'orders-0', offset: 5n, timestamp: new Date(BASE_TIME + 5) },
      behind: { _kafka: decoy },
    });
    for (const [offset, stands] of [[4n, 0], [5n, 1], [6n, 1]] as const) {
      const { stored } = await look(toItems([upsert({ offset })]), settlingOn(target, 'offset'));
      assert.equal(stored.length, stands, String(offset));
    }
  }); // prettier-ignore
});

/** A writer that takes what it is given next for a replay, and the commands that it sends. */
async function replaying(target: Target): Promise<{ write: Write; sent: string[] }> {
  const { namespace, run } = commandsOn(target.db, 'orders', LISTENER);
  const sent: string[] = [];
  const commands: Commands = {
    namespace,
    run: (action, ...rest) => {
      sent.push(action);
      return run(action, ...rest);
    },
  };
  const write = writeOn(commands);
  const known = [upsert({ id: 'known' })];
  for (let times = 0; times < 2; times += 1) await write(known, NEVER);
  sent.length = 0;
  return { write, sent };
}

const ids = Array.from({ length: 20 }, (_, index) => `o-${index}`);
const COUNTS = { inserted: 0, updated: 0, deleted: 0, unchanged: 0, rejected: [] };

describe('a replay', () => {
  test('sends nothing but a look, leaves documents as they are and counts them as unchanged', async () => {
    await using target = await open();
    const { write, sent } = await replaying(target);
    const composite = { region: 'eu', number: 7 };
    const models = [
      ...ids.map((id) => upsert({ id, offset: 5n })),
      ...[7, 2n ** 60n, true, new ObjectId(), Buffer.from([1, 2]), composite].map((id) => upsert({ id })),
      tombstone({ id: 'gone' }),
    ];
    await target.sink.write(models, NEVER);
    const before = await bytesById(target);
    assert.deepEqual(await write(models, NEVER), { ...COUNTS, unchanged: models.length });
    const older = ids.map((id) => upsert({ id, offset: 4n }));
    assert.deepEqual(await write(older, NEVER), { ...COUNTS, unchanged: ids.length });
    assert.deepEqual(sent, ['find', 'find']);
    assert.deepEqual(await bytesById(target), before);
  });

  test('writes what is newer or missing among what is stored', async () => {
    await using target = await open();
    const { write, sent } = await replaying(target);
    await target.sink.write(ids.slice(5).map((id) => upsert({ id, offset: 5n })), NEVER); // prettier-ignore
    const models = ids.map((id, index) => upsert({ id, offset: index < 10 ? 6n : 5n }));
    assert.deepEqual(await write(models, NEVER), { ...COUNTS, inserted: 5, updated: 5, unchanged: 10 });
    assert.deepEqual(sent.sort(), ['find', 'insert', 'update']);
    const stored = await target.documents();
    for (const { id, version } of models)
      assert.equal(stored.find(({ _id }) => _id === id)?.['status'], `at orders-0 ${version.offset}`);
  });

  test('undoes what somebody has changed in a document', async () => {
    await using target = await open();
    const { write } = await replaying(target);
    const models = ids.map((id) => upsert({ id }));
    await target.sink.write(models, NEVER);
    const before = await bytesById(target);
    await target.collection.updateOne({ _id: 'o-3' as never }, { $set: { status: 'at orders-0 2' } });
    await target.collection.updateOne({ _id: 'o-4' as never }, { $set: { added: 1 } });
    assert.deepEqual(await write(models, NEVER), { ...COUNTS, updated: 2, unchanged: ids.length - 2 });
    assert.deepEqual(await bytesById(target), before);
  });

  test('is over where documents vanish or are older: the next slice is written as any other', async () => {
    await using target = await open();
    const { write, sent } = await replaying(target);
    const models = ids.map((id) => upsert({ id }));
    assert.deepEqual(await write(models, NEVER), { ...COUNTS, inserted: ids.length });
    assert.deepEqual(sent.splice(0), ['find', 'insert']);
    await target.collection.deleteMany({});
    assert.deepEqual(await write(models, NEVER), { ...COUNTS, inserted: ids.length });
    assert.deepEqual(sent, ['insert']);
  });

  test('believes only what a majority has', async () => {
    await using target = await open();
    const client = new MongoClient(target.uri, { monitorCommands: true });
    const concerns: unknown[] = [];
    client.on('commandStarted', ({ commandName, command }) => {
      if (commandName === 'find') concerns.push(command['readConcern']);
    });
    const write = writeOn(commandsOn(client.db(target.db.databaseName), 'orders', LISTENER));
    // nothing is known before the first, the second is taken for another insert, the third for a replay
    for (let times = 0; times < 3; times += 1) await write([upsert()], NEVER);
    await client.close();
    assert.deepEqual(concerns, [{ level: 'majority' }, { level: 'majority' }]);
  });
});
