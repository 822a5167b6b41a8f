import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MongoClient } from 'mongodb';
import type { Db } from 'mongodb';
import { findBinaries } from '../../stack/binaries.js';
import { freePorts } from '../../stack/ports.js';
import { startServer } from '../../stack/server.js';
import { stackFromEnvironment, temporaryFolder } from '../support/stack.js';
import { openTarget } from './target.js';

async function check(prepare?: (db: Db) => Promise<unknown>): Promise<void> {
  await using target = await openTarget(stackFromEnvironment().mongodb, prepare);
  await target.sink.check();
}

describe('the check of a collection', () => {
  test('a collection that is missing, or an ordinary one, is fine', async () => {
    await check();
    await check((db) => db.createCollection('orders'));
    await check((db) => db.createCollection('orders', { collation: { locale: 'simple' } }));
  });

  const unsuitable: [string, (db: Db, name: string) => Promise<unknown>][] = [
    ['a collation', (db, name) => db.createCollection(name, { collation: { locale: 'en', strength: 1 } })],
    ['a cap', (db, name) => db.createCollection(name, { capped: true, size: 100_000 })],
    ['a view', (db, name) => db.createCollection(name, { viewOn: 'other', pipeline: [] })],
    ['a time series', (db, name) => db.createCollection(name, { timeseries: { timeField: 'at' } })],
  ];
  for (const [title, create] of unsuitable) {
    test(`${title} is COLLECTION_UNSUITABLE, for documents and for dead letters, and the remedy is named`, async () => {
      for (const name of ['orders', 'orders.dead_letters']) {
        await assert.rejects(
          check((db) => create(db, name)),
          {
            code: 'COLLECTION_UNSUITABLE',
            message: new RegExp(`${name} can't be written to: .*(Use|Create|Name)`),
          },
        );
      }
    });
  }

  test('a standalone server is refused, and the way out is named', async () => {
    const folder = temporaryFolder('standalone');
    const [port = 0] = await freePorts(1);
    const uri = `mongodb://127.0.0.1:${port}/?directConnection=true`;
    const server = await startServer({
      name: 'mongod',
      command: findBinaries().mongod,
      args: ['--bind_ip', '127.0.0.1', '--port', String(port), '--nounixsocket', '--dbpath', folder.path],
      folder: folder.path,
      logFile: `${folder.path}/mongod.log`,
      stopWithinMs: 15_000,
      readyWithinMs: 30_000,
      ready: async () => {
        const client = new MongoClient(uri, { serverSelectionTimeoutMS: 500 });
        return client.db('admin').command({ ping: 1 }).then(() => true).finally(() => client.close()); // prettier-ignore
      },
    });
    try {
      await using target = await openTarget(uri);
      await assert.rejects(target.sink.check(), { code: 'COLLECTION_UNSUITABLE', message: /rs\.initiate/ });
    } finally {
      await server.stop();
      folder.remove();
    }
  });

  test('an unreachable server is MONGODB_UNAVAILABLE', async () => {
    const { mongodb } = stackFromEnvironment();
    const uri = 'mongodb://127.0.0.1:1/?directConnection=true';
    await using target = await openTarget(mongodb, undefined, { uri });
    await assert.rejects(target.sink.check(), { code: 'MONGODB_UNAVAILABLE' });
  });
});
