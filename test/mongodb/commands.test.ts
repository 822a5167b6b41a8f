import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BSON, MongoClient, MongoServerError, type Db } from 'mongodb';
import { ask } from '../../src/mongodb/check.js';
import { commandsOn } from '../../src/mongodb/commands.js';

function asked(code: number, codeName: string, text = 'from the server', uri = ''): Promise<unknown> {
  const client = new MongoClient(`mongodb://${uri}h1,h2/?replicaSet=rs0`);
  return ask(client, 'shop.orders', 'listIndexes', () =>
    Promise.reject(new MongoServerError({ message: text, code, codeName })),
  );
}

describe('what the server refuses', () => {
  test('a login: the user, its database and the place of both are named, and not the password', async () => {
    for (const [code, text] of [
      [18, 'Authentication failed.'],
      [8000, 'bad auth : Authentication failed.'],
    ] as const) {
      await assert.rejects(asked(code, 'AuthenticationFailed', text, 'drain:hunter2@'), {
        code: 'MONGODB_REFUSED',
        message:
          'MongoDB at h1:27017, h2:27017 refused: the password of user "drain" was not accepted, or there is no such user in ' +
          'database "admin": check mongodb.uri; its authSource names the user\'s database.',
      });
    }
  });

  test('a mechanism: it is named', async () => {
    await assert.rejects(asked(334, 'MechanismUnavailable', '', 'drain:hunter2@'), {
      code: 'MONGODB_REFUSED',
      message: /it does not offer \S+ to this user: correct authMechanism in mongodb\.uri/,
    });
  });

  test('a missing right: action and namespace are named', async () => {
    await assert.rejects(asked(13, 'Unauthorized'), {
      code: 'MONGODB_REFUSED',
      message:
        "MongoDB refused 'listIndexes' on shop.orders: Unauthorized (code 13). " +
        'The user needs the action listIndexes on shop.orders; see docs/security.md.',
    });
  });

  test('anything else: no right is asked for, since none would help', async () => {
    await assert.rejects(asked(8000, 'AtlasError', 'over the quota'), {
      message: "MongoDB refused 'listIndexes' on shop.orders: AtlasError (code 8000).",
    });
  });
});

describe('documents that were found', () => {
  test('are an array of BSON, also where the driver brings each by itself', async () => {
    const documents = [{ _id: 'o-1' }, { _id: 'o-2', list: [1] }];
    const bson = Buffer.from(BSON.serialize({ cursor: { firstBatch: documents }, ok: 1 }));
    const byItself = BSON.deserialize(bson, { fieldsAsRaw: { firstBatch: true } });
    const db = { databaseName: 'shop', command: () => Promise.resolve(byItself) };
    const commands = commandsOn(db as unknown as Db, 'orders', { alive: () => undefined });
    const { reply } = await commands.run('find', {}, new AbortController().signal);
    assert.ok(reply?.documents !== undefined);
    assert.deepEqual(Object.values(BSON.deserialize(reply.documents)), documents);
  });
});
