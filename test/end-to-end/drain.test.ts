import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertBalanced } from '../support/books.js';
import { assertEqualsFold, fold, readTopic } from '../support/fold.js';
import { createScenario, type Scenario } from '../support/scenario.js';

describe('a scheduled drain', () => {
  let scenario: Scenario;
  before(async () => {
    scenario = await createScenario({ partitions: 6 });
    await scenario.startWorker();
  });
  after(() => scenario.close());

  test('drains 200,000 records with 5 updates per id, every document as the fold of the topic', async () => {
    const ids = 40_000;
    const filler = 'x'.repeat(200);
    for (let round = 0; round < 5; round += 1) {
      await scenario.produce(
        Array.from({ length: ids }, (_, id) => ({
          key: `o-${String(id)}`,
          value:
            round === 4 && id % 100 === 0
              ? null
              : JSON.stringify({ status: `s${String(round)}`, amount: id * 1.5, filler }),
        })),
      );
    }
    const result = await scenario.run();
    console.log(JSON.stringify(result));
    assert.equal(result.stopReason, 'drained');
    assert.equal(result.records.read, 200_000);
    assert.equal(result.lagBefore, 200_000);
    assert.equal(result.lagAfter, 0);
    assert.equal(result.continuity, 'first');
    assertBalanced(result);
    const ends = await scenario.admin.fetchTopicOffsets(scenario.topic);
    assert.deepEqual(
      await scenario.committed(),
      ends.sort((a, b) => a.partition - b.partition).map(({ high }) => high),
    );
    await assertEqualsFold(
      scenario.collection,
      fold(scenario.topic, await readTopic(scenario.kafka, scenario.topic)),
    );
  });

  test('a second run has nothing to do and joins no group', async () => {
    const result = await scenario.run();
    assert.equal(result.stopReason, 'nothing-to-do');
    assert.equal(result.records.read, 0);
    assert.equal(result.continuity, 'continuous');
    assertBalanced(result);
  });
});
