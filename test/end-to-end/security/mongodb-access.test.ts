import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Document } from 'mongodb';
import { parse, stringify } from 'yaml';
import { documentedCommands } from '../../support/documented-roles.js';
import { writePrivate } from '../../support/certificates.js';
import { createScenario } from '../../support/scenario.js';
import { startSecuredMongodb } from '../../support/secured-mongodb.js';

test("a run drains into a MongoDB that knows it by its certificate, with the documentation's role for runs", async () => {
  await using mongodb = await startSecuredMongodb();
  for (const { database, command } of documentedCommands('unused')) {
    await mongodb.admin.db(database).command(command);
  }
  const scenario = await createScenario({ partitions: 1 });
  try {
    const { authority, client, folder } = mongodb;
    writePrivate(folder, 'client.crt', client.cert);
    writePrivate(folder, 'client.key', client.key);
    const ssl = { ca: 'ca.pem', cert: 'client.crt', key: 'client.key' };
    writePrivate(folder, 'ca.pem', authority.cert);
    const files = Object.entries(ssl).map(([name, file]) => [name, join(folder, file)]);
    const written = parse(readFileSync(scenario.configurationFile, 'utf8')) as Document;
    const pipelines = written['pipelines'] as Record<string, Document>;
    const uri = `${mongodb.uri}&authMechanism=MONGODB-X509&authSource=$external`;
    writeFileSync(
      scenario.configurationFile,
      stringify({
        ...written,
        mongodb: { uri, database: 'shop', ssl: Object.fromEntries(files) as Document },
        pipelines: { [scenario.name]: { ...pipelines[scenario.name], collection: 'orders' } },
      }),
    );
    await scenario.produce([
      { key: 'a', value: '{"n":1}' },
      { key: 'b', value: '{"n":2}' },
      { key: 'b', value: null },
      { key: 'c', value: 'not JSON' },
    ]);
    await scenario.startWorker();
    const { stopReason, records } = await scenario.run();
    assert.equal(stopReason, 'drained');
    assert.deepEqual([records.read, records.deadLettered], [4, 1]);
    const shop = mongodb.admin.db('shop');
    assert.deepEqual(
      await shop
        .collection('orders')
        .find({ n: { $gt: 0 } })
        .project({ n: 1 })
        .toArray(),
      [{ _id: 'a', n: 1 }],
    );
    assert.equal(await shop.collection('orders.dead_letters').countDocuments(), 1);
  } finally {
    await scenario.close();
  }
});
