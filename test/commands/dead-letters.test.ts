import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { DeadLetterList, ShownDeadLetter } from '../../src/commands/dead-letters.js';
import type { ReplaySummary } from '../../src/commands/dead-letters-replay.js';
import { createScenario, type Scenario } from '../support/scenario.js';
import { commandsOf, type Answer } from './cli.js';

describe('dead-letters', () => {
  let scenario: Scenario;
  before(async () => {
    scenario = await createScenario({ partitions: 1, pipeline: { documentId: { field: 'id' } } });
    await scenario.startWorker();
    await scenario.produce([
      { key: 'k-0', value: '{"orderId":"a","id":"a","v":1}' },
      { key: 'k-1', value: '{"orderId":"b","v":1}', headers: { trace: 't-1' } },
      { key: 'k-2', value: '{"orderId":"a","v":2}' },
      { key: 'k-3', value: Buffer.from([0xff, 0x1b]) },
      { key: 'k-4', value: '{"orderId":"b","id":"b","v":3}' },
    ]);
    const { records } = await scenario.run();
    assert.deepEqual([records.inserted, records.deadLettered], [2, 3]);
  });
  after(() => scenario.close());

  const json = async <Data>(...args: string[]): Promise<Answer<Data>> => {
    const { code, stdout, stderr } = await commandsOf(scenario).call('dead-letters', ...args, '--json');
    return { code, data: JSON.parse(stdout) as Data, stderr };
  };
  const idAt = (offset: number) => `${scenario.group}|${scenario.topic}-0@1|${String(offset)}`;
  const list = async (...args: string[]) => (await json<DeadLetterList>('list', scenario.name, ...args)).data;

  test('list counts them and names each, without contents', async () => {
    const { counts, deadLetters } = await list();
    const { name: pipeline } = scenario;
    assert.deepEqual(counts, [
      { pipeline, state: 'open', code: 'ID_MISSING', count: 2 },
      { pipeline, state: 'open', code: 'NOT_UTF8', count: 1 },
    ]);
    assert.deepEqual(deadLetters.map(({ id }) => id).sort(), [idAt(1), idAt(2), idAt(3)]);
    const { stdout } = await commandsOf(scenario).call('dead-letters', 'list', '--limit', '1');
    assert.match(stdout, /ID_MISSING +2\n/);
    assert.ok(!stdout.includes('orderId') && !JSON.stringify(deadLetters).includes('orderId'));
  });

  test('list chooses by code and time', async () => {
    assert.equal((await list('--code', 'NOT_UTF8')).deadLetters.length, 1);
    assert.equal((await list('--since', '1h')).deadLetters.length, 3);
    assert.equal((await list('--before', '2026-01-01T00:00:00Z')).deadLetters.length, 0);
    const { code, stderr } = await commandsOf(scenario).call('dead-letters', 'list', '--since', 'yesterday');
    assert.equal(code, 2);
    assert.match(stderr, /2h, 7d/);
  });

  test('show gives key, value and headers: text as text, bytes as base64', async () => {
    const { data } = await json<ShownDeadLetter>('show', idAt(1));
    assert.deepEqual(
      [data.key, data.value, data.headers],
      [{ text: 'k-1' }, { text: '{"orderId":"b","v":1}' }, [{ name: 'trace', value: { text: 't-1' } }]],
    );
    const binary = await json<ShownDeadLetter>('show', idAt(3));
    assert.deepEqual(binary.data.value, { base64: Buffer.from([0xff, 0x1b]).toString('base64') });
    const { stdout } = await commandsOf(scenario).call('dead-letters', 'show', idAt(1));
    assert.match(
      stdout,
      /^why +id: ID_MISSING: .*\nkey +k-1\nheader trace +t-1\nvalue +\{"orderId":"b","v":1\}$/m,
    );
    const nobody = await commandsOf(scenario).call('dead-letters', 'show', 'nobody');
    assert.deepEqual([nobody.code, nobody.stdout], [1, '']);
    assert.match(nobody.stderr, /there is no dead letter nobody/);
  });

  test('replay and discard want to be told which', async () => {
    for (const command of ['replay', 'discard']) {
      const { code, stderr } = await commandsOf(scenario).call('dead-letters', command, scenario.name);
      assert.equal(code, 2);
      assert.match(stderr, /Which dead letters\? .*--all/);
    }
  });

  test('replay with a corrected configuration writes what is good by now, moves nothing back, and says what is still bad', async () => {
    await scenario.configure({ documentId: { field: 'orderId' } });
    const replay = (...args: string[]) => json<ReplaySummary>('replay', scenario.name, '--all', ...args);
    const dry = await replay('--dry-run');
    assert.deepEqual(
      [dry.code, dry.data.dryRun, dry.data.counts.inserted, dry.data.stillBad.map(({ id }) => id)],
      [1, true, 2, [idAt(3)]],
    );
    assert.equal((await list()).deadLetters.length, 3, 'a dry run changes nothing');
    const { code, data } = await replay();
    assert.equal(code, 1);
    const { read, updated, unchanged, deadLettered } = data.counts;
    assert.deepEqual([read, updated, unchanged, deadLettered], [3, 1, 1, 1]);
    assert.deepEqual(data.stillBad, [
      { id: idAt(3), code: 'NOT_UTF8', reason: 'the value is not valid UTF-8' },
    ]);
    const documents = await scenario.collection.find().sort({ _id: 1 }).toArray();
    assert.deepEqual(
      documents.map(({ _id, v, _kafka }) => [
        String(_id),
        v as number,
        Number((_kafka as { offset: unknown }).offset),
      ]),
      [
        ['a', 2, 2],
        ['b', 3, 4],
      ],
    );
    assert.deepEqual(
      (await list('--state', 'all')).counts.map(({ state, count }) => [state, count]),
      [
        ['open', 1],
        ['replayed', 2],
      ],
    );
    const again = await replay();
    assert.equal(again.data.counts.read, 1, 'those that went through are not replayed again');
  });

  test('discard removes the chosen ones, and with --dry-run none', async () => {
    const dry = await json<{ discarded: number; chosen: number }>('discard', scenario.name, '--code', 'NOT_UTF8', '--dry-run'); // prettier-ignore
    assert.deepEqual(dry.data, { discarded: 0, chosen: 1 });
    const { stdout } = await commandsOf(scenario).call(
      'dead-letters',
      'discard',
      scenario.name,
      '--state',
      'open',
    );
    assert.equal(stdout, 'discarded 1 dead letters\n');
    assert.deepEqual(
      (await list('--state', 'all')).counts.map(({ state }) => state),
      ['replayed'],
    );
  });
});
