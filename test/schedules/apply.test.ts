import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
  ScheduleNotFoundError,
} from '@temporalio/client';
import type { Settings } from '../../src/config/settings.js';
import { applySchedules, planSchedules, type ScheduleChange } from '../../src/schedules/apply.js';
import { configurationFrom } from '../config/builders.js';
import { stackFromEnvironment } from '../support/stack.js';
import { until } from '../support/until.js';

/** Names of one test's pipelines and task queue; nothing else on the shared server has them. */
interface Names {
  first: string;
  second: string;
  taskQueue: string;
}

function names(): Names {
  const id = randomUUID().slice(0, 8);
  return { first: `a-${id}`, second: `b-${id}`, taskQueue: `schedules-${id}` };
}

/** Settings with these pipelines; the text of each is what stands beside its topic. */
function settingsOf(taskQueue: string, pipelines: Record<string, string>): Settings {
  const lines = Object.entries(pipelines).map(
    ([name, text]) => `  ${name}: { topic: t${text === '' ? '' : `, ${text}`} }`,
  );
  const text = `kafka: { brokers: [h:1] }\nmongodb: { uri: mongodb://h, database: d }\nworker: { taskQueue: ${taskQueue} }\npipelines:\n`;
  return configurationFrom(text + lines.join('\n')).settings;
}

const kindsOf = (changes: ScheduleChange[]): string[] =>
  changes.map(({ kind, pipeline }) => `${kind} ${pipeline.slice(0, 1)}`);

/** Every kind of trigger and rule that a schedule can have. */
const SPELLINGS = [
  'schedule: { every: 5m }',
  'schedule: { every: 10m, offset: 10s, jitter: 5s, overlap: buffer-one }',
  'schedule: { every: 7m, catchupWindow: 1h, overlap: allow-all }',
  'schedule: { every: 90s, overlap: buffer-all }',
  'schedule: { overlap: cancel-other }',
  'schedule: { overlap: terminate-other }, limits: { maxRecords: 5, idleTimeout: 1500ms }',
  'schedule: { cron: "*/15 3 * 1-3 mon-fri", timezone: Europe/Berlin }, limits: { budget: 4m, startToClose: 4m30s }',
  'schedule: { cron: ["@daily", "5,10 1-4/2 1 * 7"], jitter: 1m }, limits: { budget: 4m, startToClose: 4m30s }',
];

describe('applying schedules', () => {
  let client: Client;
  let connection: Connection;
  const requests: string[] = [];
  const made: string[] = [];

  before(async () => {
    connection = await Connection.connect({
      address: stackFromEnvironment().temporal,
      interceptors: [
        // ours takes the place of the SDK's own, which repeats what a busy server refuses
        makeGrpcRetryInterceptor(defaultGrpcRetryOptions()),
        (options, nextCall) => {
          requests.push(options.method_definition.path.split('/').at(-1) ?? '');
          return nextCall(options) as never;
        },
      ],
    });
    client = new Client({ connection });
  });

  after(async () => {
    for (const scheduleId of made) await deleted(scheduleId);
    await connection.close();
  });

  async function deleted(scheduleId: string): Promise<void> {
    try {
      await client.schedule.getHandle(scheduleId).delete();
    } catch (error) {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
    }
  }

  async function apply(settings: Settings, prune = false): Promise<ScheduleChange[]> {
    made.push(...[...settings.pipelines.keys()].map((name) => `drain-${name}`));
    return applySchedules(client, settings, { prune });
  }

  /** The requests that change something, sent by an action. */
  async function sentBy(action: () => Promise<unknown>): Promise<string[]> {
    requests.length = 0;
    await action();
    return requests.filter((name) => !/^(Describe|List|Get)/.test(name));
  }

  const describeSchedule = (name: string) => client.schedule.getHandle(`drain-${name}`).describe();

  test('creates what is missing, and says before that it will', async () => {
    const { first, second, taskQueue } = names();
    const settings = settingsOf(taskQueue, { [first]: '', [second]: '' });
    assert.deepEqual(await sentBy(() => planSchedules(client, settings)), []);
    assert.deepEqual(kindsOf(await planSchedules(client, settings)), ['create a', 'create b']);
    assert.deepEqual(kindsOf(await apply(settings)), ['create a', 'create b']);
    const { action, memo } = await describeSchedule(first);
    assert.equal(action.workflowId, `drain/${first}`);
    assert.deepEqual(memo, { managedBy: 'kafka-drain', pipeline: first, taskQueue });
  });

  for (const spelling of SPELLINGS) {
    test(`sends nothing when nothing differs from what the server describes: ${spelling}`, async () => {
      const { first, taskQueue } = names();
      const settings = settingsOf(taskQueue, { [first]: spelling });
      await apply(settings);
      assert.deepEqual(await sentBy(() => apply(settings)), []);
      assert.deepEqual(await planSchedules(client, settings), [
        {
          scheduleId: `drain-${first}`,
          pipeline: first,
          kind: 'unchanged',
          differences: [],
          paused: false,
          note: null,
        },
      ]);
    });
  }

  test('replaces the spec as a whole, from every form to every other', async () => {
    const { first, taskQueue } = names();
    for (const spelling of [...SPELLINGS, ...SPELLINGS.toReversed()]) {
      const settings = settingsOf(taskQueue, { [first]: spelling });
      await apply(settings);
      assert.deepEqual(kindsOf(await planSchedules(client, settings)), ['unchanged a'], spelling);
    }
    const { spec } = await describeSchedule(first);
    assert.equal(spec.intervals?.length, 1);
  });

  test('updates only what differs and says what', async () => {
    const { first, second, taskQueue } = names();
    await apply(settingsOf(taskQueue, { [first]: '', [second]: '' }));
    const settings = settingsOf(taskQueue, { [first]: '', [second]: 'limits: { budget: 3m }' });
    const sent = await sentBy(async () => {
      const [, change] = await apply(settings);
      assert.equal(change?.kind, 'update');
      assert.deepEqual(change.differences[0], {
        path: 'action.args[0].limits.budgetMs',
        from: 240_000,
        to: 180_000,
      });
    });
    assert.deepEqual(sent, ['UpdateSchedule']);
  });

  test("leaves an operator's pause and note alone", async () => {
    const { first, taskQueue } = names();
    await apply(settingsOf(taskQueue, { [first]: '' }));
    await client.schedule.getHandle(`drain-${first}`).pause('maintenance until noon');
    const [change] = await apply(settingsOf(taskQueue, { [first]: 'schedule: { every: 10m }' }));
    assert.deepEqual(
      [change?.kind, change?.paused, change?.note],
      ['update', true, 'maintenance until noon'],
    );
    const { state, spec } = await describeSchedule(first);
    assert.deepEqual([state.paused, state.note], [true, 'maintenance until noon']);
    assert.equal(spec.intervals?.[0]?.every, 600_000);
  });

  test('undoes what somebody changed by hand', async () => {
    const { first, taskQueue } = names();
    const settings = settingsOf(taskQueue, { [first]: '' });
    await apply(settings);
    await client.schedule.getHandle(`drain-${first}`).update((previous) => ({
      ...previous,
      spec: { ...previous.spec, skip: [{ hour: 3 }], endAt: new Date('2040-01-01') },
    }));
    const [change] = await apply(settings);
    assert.deepEqual(
      change?.differences.map(({ path }) => path),
      ['spec.skip[0]', 'spec.endAt'],
    );
    assert.deepEqual(kindsOf(await planSchedules(client, settings)), ['unchanged a']);
  });

  test('leaves a schedule of the same name that it did not make', async () => {
    const { first, taskQueue } = names();
    const settings = settingsOf(taskQueue, { [first]: '' });
    const scheduleId = `drain-${first}`;
    made.push(scheduleId);
    const action = { type: 'startWorkflow' as const, workflowType: 'other', taskQueue: 'other' };
    await client.schedule.create({ scheduleId, spec: { intervals: [{ every: '1h' }] }, action });
    assert.deepEqual(
      await sentBy(async () => assert.deepEqual(kindsOf(await apply(settings, true)), ['foreign a'])),
      [],
    );
    assert.equal((await describeSchedule(first)).action.workflowType, 'other');
  });

  /** Visibility, from which schedules are listed, is a moment late. */
  const listed = (settings: Settings, kind: ScheduleChange['kind']) =>
    until('the schedule in the list', async () => {
      const changes = await planSchedules(client, settings);
      return changes.some((change) => change.kind === kind) ? changes : null;
    });

  test('lists schedules whose pipeline is gone from the file, and deletes them only when asked', async () => {
    const { first, second, taskQueue } = names();
    await apply(settingsOf(taskQueue, { [first]: '', [second]: '' }));
    const settings = settingsOf(taskQueue, { [first]: '' });
    assert.deepEqual(kindsOf(await listed(settings, 'orphan')), ['unchanged a', 'orphan b']);
    assert.deepEqual(await sentBy(() => apply(settings)), []);
    assert.deepEqual(kindsOf(await apply(settings, true)), ['unchanged a', 'delete b']);
    await assert.rejects(describeSchedule(second), ScheduleNotFoundError);
    assert.equal((await describeSchedule(first)).scheduleId, `drain-${first}`);
  });

  test("does not take another installation's schedules for its own", async () => {
    const { first, second, taskQueue } = names();
    await apply(settingsOf(`${taskQueue}-other`, { [second]: '' }));
    const other = settingsOf(`${taskQueue}-other`, { [first]: '' });
    await listed(other, 'orphan');
    assert.deepEqual(kindsOf(await apply(settingsOf(taskQueue, { [first]: '' }), true)), ['create a']);
    assert.equal((await describeSchedule(second)).action.taskQueue, `${taskQueue}-other`);
  });
});
