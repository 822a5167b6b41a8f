import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { collectionFor } from '../../src/config/collections.js';
import { configuration, configurationFrom, mistakesIn, pipelineFrom } from './builders.js';

describe('the topics of a pipeline', () => {
  test('are one, several, or all that match a pattern; people see them in a few words', () => {
    const shown = (written: string): unknown => {
      const { topics, topic } = pipelineFrom(written);
      return [topics, topic];
    };
    assert.deepEqual(shown('{ topic: a }'), [{ names: ['a'] }, 'a']);
    assert.deepEqual(shown('{ topics: [a, b], collection: "${topic}" }'), [{ names: ['a', 'b'] }, 'a, b']);
    const five = { names: ['a', 'b', 'c', 'd', 'e'] };
    assert.deepEqual(shown('{ topics: [a, b, c, d, e], version: timestamp }'), [five, 'a, b, c and 2 more']);
    assert.deepEqual(shown('{ topicPattern: "shop\\\\..*", documentId: coordinates }'), [
      { pattern: 'shop\\..*' },
      '/shop\\..*/',
    ]);
  });

  test('belong to the fingerprint', () => {
    const fingerprints = ['topic: a', 'topics: [a, b]', 'topicPattern: a', 'topics: [a]'].map(
      (written) => pipelineFrom(`{ ${written}, version: timestamp }`).fingerprint,
    );
    assert.equal(new Set(fingerprints).size, 3);
    assert.equal(fingerprints[0], fingerprints[3], 'a list of one is that one');
  });

  const mistakes: readonly (readonly [string, string, RegExp])[] = [
    ['must be said', '{ group: g }', /pipelines\.orders.*says no topic/],
    ['are said in one way only', '{ topic: a, topics: [b] }', /topics.*either `topic` or `topics`, not both/],
    ['are not none', '{ topics: [] }', /topics: expected a list of at least one topic/],
    [
      'need more than offsets to share a collection',
      '{ topics: [a, b] }',
      /version.*offsets of several topics cannot be compared/,
    ],
    ['are each named once', '{ topics: [a, b, a] }', /topics.*names a twice/],
    [
      'match a regular expression',
      '{ topicPattern: "(" }',
      /topicPattern: "\(": expected a regular expression/,
    ],
  ];
  for (const [rule, orders, mistake] of mistakes)
    test(rule, () => {
      assert.match(mistakesIn(configuration({ orders })).join('\n'), mistake);
    });
});

describe('a collection with the topic in its name', () => {
  test('is one for each topic, whatever the environment has', () => {
    const text = configuration({ orders: '{ topics: [a, b], collection: "in_${topic}" }' });
    const { settings } = configurationFrom(text, { environment: { topic: 'x' } });
    const pipeline = settings.pipelines.get('orders') ?? pipelineFrom('{ topic: a }');
    assert.equal(collectionFor(pipeline, 'a'), 'in_a');
    assert.equal(pipeline.deadLetters.collection, 'orders.dead_letters');
  });

  test('is not too long for MongoDB, neither by itself nor as that of its view', () => {
    const mistakes = (collection: string, topic: string) =>
      mistakesIn(configuration({ orders: `{ topics: [${topic}], collection: "${collection}" }` })).join('\n');
    const longest = 'a'.repeat(255 - 'shop.'.length - '_live'.length);
    assert.equal(mistakes('${topic}', longest), '');
    assert.match(
      mistakes('${topic}', `${longest}a`),
      /orders\.collection.*a_live has 256 bytes.*no more than 255/,
    );
    assert.match(mistakes('${topic}'.repeat(2), longest), /has 495 bytes/);
    assert.match(mistakes('ä'.repeat(150), 'orders'), /has 305 bytes/);
  });

  test("is not one of the server's names, and neither is that of the dead letters", () => {
    const mistakes = (orders: string) => mistakesIn(configuration({ orders })).join('\n');
    const each = (topic: string, collection: string) =>
      mistakes(`{ topics: [${topic}], collection: "${collection}" }`);
    assert.match(each('system.users', '${topic}'), /orders\.collection.*system\.users.*keeps "system\."/);
    assert.match(each('a.system.b', 'from_${topic}'), /orders\.collection.*from_a\.system\.b.*in the middle/);
    assert.equal(each('system.users', 'from_${topic}'), '');
    assert.match(
      mistakes('{ topic: a, collection: system }'),
      /orders\.deadLetters\.collection.*system\.dead_letters/,
    );
  });

  test('is possible in the name of the collection only', () => {
    const orders = '{ topic: a, deadLetters: { collection: "${topic}.bad" } }';
    assert.match(mistakesIn(configuration({ orders })).join(), /environment variable topic is not set/);
  });

  test('is not that of another pipeline, nor the view of another topic', () => {
    const taken = configuration({ orders: '{ topics: [a, returns], collection: "${topic}" }' });
    const returns = taken.replace(/pipelines:\n/, 'pipelines:\n  returns: { topic: r }\n');
    assert.match(mistakesIn(returns).join(), /also that of the collection of the pipeline returns/);
    const view = configuration({ orders: '{ topics: [a, a_live], collection: "${topic}" }' });
    assert.match(mistakesIn(view).join(), /a_live|the view that hides/);
  });
});
