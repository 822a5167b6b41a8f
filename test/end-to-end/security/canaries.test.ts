import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { MongoClient } from 'mongodb';
import { freePorts } from '../../../stack/ports.js';
import { commandsOf } from '../../commands/cli.js';
import { writePrivate } from '../../support/certificates.js';
import { failureOf } from '../../support/failure.js';
import { createScenario, type Scenario } from '../../support/scenario.js';
import { startSecuredKafka, type SecuredKafka } from '../../support/secured-kafka.js';
import { stackFromEnvironment } from '../../support/stack.js';

/** Words that may be seen nowhere but in the files and records they were put in. */
const CANARY = 'c4narybird';
const word = (place: string): string => `${CANARY}-${place}`;

const TRANSFORM = `export const transform = ({ value }) => {
  if (value.fails) throw new TypeError('because of ' + value.fails);
  if (value.odd) return { ...value, odd: new (class Odd {})() };
  return value;
};
`;

/** A good record, and one for every way to fail: each with canaries in key, value and headers. */
function records() {
  const json = (fields: object) => JSON.stringify({ text: word('value'), [word('field')]: 1, ...fields });
  const values = [
    json({}),
    `{"text":"${word('broken')}`,
    `"${word('scalar')}"`,
    json({ big: 1 }).replace('"big":1', `"big":${'9'.repeat(30)}`),
    json({ _kafka: word('reserved') }),
    json({ at: word('date') }),
    json({ fails: word('thrown') }),
    json({ odd: true }),
    json({ refused: word('validator') }),
    json({ unique: word('unique') }),
    json({ unique: word('unique') }),
    json({ _id: word('id') }),
  ];
  return values.map((value, index) => ({
    key: `${word('key')}-${String(index)}`,
    value,
    headers: { [word('header')]: word('header-value') },
  }));
}

describe('no secret and nothing of a record', () => {
  let kafka: SecuredKafka;
  let scenario: Scenario;
  let metrics: string;
  const client = new MongoClient(stackFromEnvironment().mongodb);
  const seen = new Map<string, string>();
  const passwordFile = (password: string) => writePrivate(kafka.folder, 'password', `${password}\n`);
  const uriFile = (uri: string) => writePrivate(kafka.folder, 'uri', `${uri}\n`);

  const POLICY = { tolerate: 'all' };
  const RULES = {
    ...{ transform: './transform.mjs', dates: ['at'] },
    limits: { budget: '10s', startToClose: '40s' },
  };

  before(async () => {
    kafka = await startSecuredKafka(word('kafka-password'));
    const [port = 0] = await freePorts(1);
    metrics = `127.0.0.1:${String(port)}`;
    const ca = join(kafka.folder, 'ca.pem');
    const sasl = {
      mechanism: 'plain',
      username: kafka.user.username,
      passwordFile: passwordFile(kafka.user.password),
    };
    uriFile(stackFromEnvironment().mongodb);
    scenario = await createScenario({
      partitions: 1,
      kafka: {
        adminAddresses: [kafka.adminAddress],
        section: { brokers: [kafka.addresses.sasl], ssl: { ca }, sasl },
      },
      mongodb: { uriFile: join(kafka.folder, 'uri') },
      worker: { metrics },
      logLevel: 'TRACE',
    });
    const read = ['--add', '--allow-principal', 'User:drain', '--operation', 'Read'];
    await kafka.acls(...read, '--topic', scenario.topic, '--group', scenario.group);
    writeFileSync(join(dirname(scenario.configurationFile), 'transform.mjs'), TRANSFORM);
    await scenario.collection.createIndex({ unique: 1 }, { unique: true, sparse: true }, {});
    await client.db(scenario.collection.dbName).command({
      collMod: scenario.collection.collectionName,
      validator: { refused: { $exists: false } },
    });
    await scenario.configure({ ...RULES, deadLetters: POLICY });
  });
  after(async () => {
    await client.close();
    await scenario.close();
    await kafka[Symbol.asyncDispose]();
  });

  test('is told by runs that succeed and fail', async () => {
    const worker = await scenario.startWorker();
    await scenario.produce(records());
    const { records: counts } = await scenario.run();
    assert.deepEqual([counts.read, counts.deadLettered], [12, 10]);
    passwordFile(word('wrong-password'));
    assert.equal((await failureOf(scenario.run())).code, 'KAFKA_REFUSED');
    passwordFile(kafka.user.password);
    const [, hosts = ''] = stackFromEnvironment().mongodb.split('://');
    uriFile(`mongodb://someone:${word('uri-password')}@${hosts}`);
    await scenario.produce(records().slice(0, 1));
    const refused = await failureOf(scenario.run());
    assert.equal(refused.code, 'MONGODB_REFUSED');
    seen.set('check of a wrong URI', JSON.stringify(await commandsOf(scenario).check()));
    uriFile(`mongo://${word('scheme-password')}@${hosts}`);
    assert.equal((await failureOf(scenario.run())).code, 'CONFIG_INVALID');
    uriFile(stackFromEnvironment().mongodb);
    await worker.kill('SIGTERM');
    seen.set('log', worker.log());
    await scenario.configure({ ...RULES, deadLetters: { tolerate: 'none' } });
    await scenario.produce(records().slice(1, 2));
    const strict = await scenario.startWorker();
    assert.equal((await failureOf(scenario.run())).code, 'BAD_RECORD');
    seen.set('metrics', await (await fetch(`http://${metrics}/metrics`)).text());
    seen.set('log of the second worker', strict.log());
  });

  test('is told by commands', async () => {
    const { call } = commandsOf(scenario);
    for (const args of [
      ['check'],
      ['runs', scenario.name],
      ['lag'],
      ['plan'],
      ['dead-letters', 'list', scenario.name],
      ['dead-letters', 'replay', scenario.name],
    ]) {
      for (const format of [[], ['--json']]) {
        const { stdout, stderr } = await call(...args, ...format);
        assert.notEqual(stdout + stderr, '');
        seen.set([...args, ...format].join(' '), stdout + stderr);
      }
    }
  });

  test('is in the history of any run', async () => {
    const query = `WorkflowId STARTS_WITH "drain/${scenario.name}"`;
    let runs = 0;
    for await (const { workflowId, runId } of scenario.temporal.workflow.list({ query })) {
      runs += 1;
      const history = await scenario.temporal.workflow.getHandle(workflowId, runId).fetchHistory();
      seen.set(`history ${String(runs)}`, textOf(history));
    }
    assert.equal(runs, 5);
  });

  test('is in the reason of any dead letter, though its bytes are all there', async () => {
    const letters = await scenario.deadLetters.find().toArray();
    assert.equal(letters.length, 10);
    seen.set(
      'reasons',
      letters.map((letter) => textOf([letter['code'], letter['stage'], letter['reason']])).join('\n'),
    );
    assert.ok(textOf(letters).includes(word('header-value')), 'the search finds what is there');
  });

  test('was found anywhere', () => {
    const found = [...seen].flatMap(([place, text]) =>
      [CANARY, Buffer.from(CANARY).toString('base64').slice(0, -2)].some((canary) => text.includes(canary))
        ? [`${place}: ${text.slice(Math.max(0, text.indexOf(CANARY) - 200), text.indexOf(CANARY) + 60)}`]
        : [],
    );
    assert.deepEqual(found, []);
  });
});

/** Everything that is text in a value, bytes read as text. */
function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (typeof value !== 'object' || value === null) return String(value);
  if ('buffer' in value && value.buffer instanceof Uint8Array) return textOf(value.buffer);
  return Object.entries(value)
    .map(([key, item]) => `${key} ${textOf(item)}`)
    .join('\n');
}
