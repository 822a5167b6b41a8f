import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createTopic } from '../../../stack/topics.js';
import { commandsOf } from '../../commands/cli.js';
import { failureOf } from '../../support/failure.js';
import { createScenario, type Scenario } from '../../support/scenario.js';

describe('two pipelines of one configuration, one with a collection for each topic that matches its pattern', () => {
  let mirror: Scenario;
  let other: Scenario;
  let topics: string[];
  before(async () => {
    mirror = await createScenario();
    other = await createScenario({ beside: mirror });
    // the other one writes ….r to in_….r, and there is a topic of that name
    topics = [`${mirror.name}.a`, `${other.name}.r`, `in_${other.name}.r`];
    for (const topic of topics) await createTopic(mirror.admin, { topic, numPartitions: 1 });
    await mirror.configure({ topicPattern: `(in_.*|${mirror.name}\\..*)`, collection: '${topic}' });
    await other.configure({ topicPattern: `${other.name}\\..*`, collection: 'in_${topic}' });
    await mirror.startWorker();
  });
  after(async () => {
    await mirror.admin.deleteTopics({ topics });
    await other.close();
    await mirror.close();
  });

  test('are refused where a topic of the one gives its name to a collection of the other: by the run, check and setup', async () => {
    const name = `in_${other.name}.r`;
    const taken = (topic: string, by: Scenario, owner: string, of: Scenario) =>
      new RegExp(
        `topic "${topic}" of pipeline "${by.name}" would be written to the collection "${name}", ` +
          `which is that of topic "${owner}" in pipeline "${of.name}"`,
      );
    const text = taken(name, mirror, `${other.name}.r`, other);
    const failure = await failureOf(mirror.run());
    assert.equal(failure.code, 'COLLECTION_UNSUITABLE');
    assert.match(failure.message, text);
    const checked = await commandsOf(mirror).check();
    assert.equal(checked.code, 1);
    const found = checked.data.filter(({ state }) => state === 'failed');
    assert.deepEqual(
      found.map(({ area, pipeline }) => [area, pipeline]),
      [mirror, other].map((scenario) => ['mongodb', scenario.name]),
    );
    assert.match(found[0]?.text ?? '', text);
    assert.match(found[1]?.text ?? '', taken(`${other.name}.r`, other, name, mirror));
    const setup = await commandsOf(mirror).call('setup', mirror.name);
    assert.equal(setup.code, 1);
    assert.match(setup.stderr, text);
  });
});
