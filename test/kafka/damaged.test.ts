import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import kafkajs, { type Admin } from 'kafkajs';
import { openBroker } from './broker.js';
import { fromStart, startConsuming } from './consuming.js';

const BROKER = { type: kafkajs.ConfigResourceTypes.BROKER, name: '1', configNames: ['log.dirs'] };

async function logFolder(admin: Admin): Promise<string> {
  const { resources } = await admin.describeConfigs({ resources: [BROKER], includeSynonyms: false });
  const [entry] = resources[0]?.configEntries ?? [];
  assert.ok(entry !== undefined);
  return entry.configValue;
}

test('a bit that has changed on the disk of a broker ends the run at its batch, with everything before it committed', async () => {
  await using broker = await openBroker(1);
  for (const value of ['before', 'damaged', 'behind']) await broker.append(0, [value]);
  const segment = join(await logFolder(broker.admin), `${broker.topic}-0`, '00000000000000000000.log');
  const bytes = readFileSync(segment);
  bytes.write('damagod', bytes.indexOf('damaged'));
  writeFileSync(segment, bytes, { flag: 'r+' });

  const source = broker.member();
  const consuming = startConsuming(source, fromStart(broker.topic, 1), { ends: new Map([[0, 3n]]) });
  await assert.rejects(consuming.ended, (error: Error & { code?: string }) => {
    assert.equal(error.code, 'RECORDS_DAMAGED');
    assert.match(error.message, new RegExp(`^The batch of ${broker.topic}-0 that begins at offset 1 `));
    assert.doesNotMatch(error.message, /damagod/);
    return true;
  });
  assert.deepEqual(consuming.values(0), ['before']);
  assert.equal((await source.committed()).get(`${broker.topic}-0`)?.offset, 1n);
});
