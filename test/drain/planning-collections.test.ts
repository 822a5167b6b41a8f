import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toPipeline } from '../../src/config/pipelines.js';
import type { PipelineSettings } from '../../src/config/settings.js';
import { planOf, type Given } from './planning-cases.js';

type Written = Parameters<typeof toPipeline>[1];

const EACH = '${topic}';

/** Plans the pipeline "mine" beside "other", where these topics are there: those that it reads, and all others. */
function planBeside(
  mine: Written,
  other: Written,
  topics: readonly string[],
  otherTopics: string[] = [],
): void {
  const pipelines = { mine: toPipeline('mine', mine, 'shop'), other: toPipeline('other', other, 'shop') };
  planOf({
    rules: pipelines.mine,
    neighbours: Object.values(pipelines) satisfies PipelineSettings[],
    log: { topics: topics.map((topic) => ({ topic, topicId: null })), otherTopics },
    partitions: topics.map((topic) => ({ topic, partition: 0 })),
  });
}

function refusal(topic: string, collection: string, fault: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof Error);
    assert.equal((error as { code?: unknown }).code, 'COLLECTION_UNSUITABLE');
    const begin = `topic "${topic}" of pipeline "mine" would be written to the collection "${collection}", `;
    assert.equal(error.message.slice(0, begin.length), begin);
    assert.match(error.message, fault);
    assert.match(error.message, /Change "collection" of one of the two, or leave the topic out\.$/);
    return true;
  };
}

describe('a topic of a pattern is refused where it would be written to', () => {
  const mine: Written = { topicPattern: 'o.*', collection: EACH };
  const cases: readonly (readonly [string, Written, Written, string[], string[], string, RegExp])[] = [
    [
      'the collection of another pipeline',
      mine,
      { topic: 'x', collection: 'orders' },
      ['orders'],
      [],
      'orders',
      /of pipeline "other"/,
    ],
    [
      'that of a topic in a list of another',
      mine,
      { topics: ['rders'], collection: 'o${topic}' },
      ['orders'],
      [],
      'orders',
      /of topic "rders" in pipeline "other"/,
    ],
    [
      'that of a topic in a pattern of another',
      mine,
      { topicPattern: 'r.*', collection: 'o${topic}' },
      ['orders'],
      ['rders'],
      'orders',
      /of topic "rders" in pipeline "other"/,
    ],
    [
      'that of the same topic in a pattern of another',
      mine,
      { topicPattern: '.*s', collection: EACH },
      ['orders'],
      [],
      'orders',
      /of topic "orders" in pipeline "other"/,
    ],
    [
      'the live view of another',
      mine,
      { topic: 'x', collection: 'orders' },
      ['orders_live'],
      [],
      'orders_live',
      /view that hides the deleted documents of pipeline "other"/,
    ],
    [
      'the live view of a topic of another',
      mine,
      { topics: ['orders'], collection: EACH },
      ['orders_live'],
      [],
      'orders_live',
      /view that hides the deleted documents of topic "orders" in pipeline "other"/,
    ],
    [
      'the dead letters of another',
      mine,
      { topic: 'x', deadLetters: { collection: 'oops' } },
      ['oops'],
      [],
      'oops',
      /dead letters of pipeline "other"/,
    ],
  ];
  for (const [title, own, other, topics, others, collection, fault] of cases)
    test(title, () => {
      assert.throws(
        () => {
          planBeside(own, other, topics, others);
        },
        refusal(topics[0] ?? '', collection, fault),
      );
    });

  test('where the topic stands twice in the name, too', () => {
    assert.throws(
      () => {
        planBeside(mine, { topicPattern: '.*', collection: '${topic}_${topic}' }, ['o_o'], ['o']);
      },
      refusal('o_o', 'o_o', /of topic "o" in pipeline "other"/),
    );
  });
});

test('a pipeline with one collection is refused where a topic that it reads gives another its collection', () => {
  assert.throws(
    () => {
      planBeside({ topic: 'orders', collection: 'orders' }, { topicPattern: '.*', collection: EACH }, [
        'orders',
      ]);
    },
    refusal('orders', 'orders', /of topic "orders" in pipeline "other"/),
  );
});

describe('pipelines may', () => {
  const all: Written = { topicPattern: '.*', collection: EACH };

  test('write the same topic to different collections', () => {
    planBeside(all, { topicPattern: 'shop\\..*', collection: 'in_${topic}' }, ['shop.a', 'b']);
    planBeside({ topicPattern: 'shop\\..*', collection: 'in_${topic}' }, all, ['shop.a'], ['b']);
  });

  test('have a collection by the name of a topic that is not there, or that no pattern matches', () => {
    planBeside({ topicPattern: 'a.*', collection: EACH }, { topicPattern: 'x.*', collection: 'a${topic}' }, [
      'ax',
    ]);
    planBeside(
      { topicPattern: 'a.*', collection: EACH },
      { topicPattern: 'x.*', collection: 'a${topic}' },
      ['ab'],
      ['b'],
    );
    planBeside(
      { topicPattern: 'a.*', collection: EACH },
      { topicPattern: '.*', collection: 'a${topic}' },
      ['a__x'],
      ['__x'],
    );
  });

  test('share the collection of their dead letters', () => {
    const deadLetters = { collection: 'bad' };
    planBeside({ ...all, deadLetters }, { topic: 'x', collection: 'y', deadLetters }, ['a']);
  });

  test('have the name of a view that a pipeline without soft deletes does not need', () => {
    planBeside(all, { topic: 'x', collection: 'orders', deletes: 'ignore' }, ['orders_live']);
  });
});

describe('a collection whose name MongoDB would not take', () => {
  const named = (bytes: number): string => 'a'.repeat(bytes - 'shop.'.length);
  const LIVE = '_live'.length;

  test('is refused with its length, the database included', () => {
    const rules = { topics: { pattern: '.*' }, collection: EACH, deletes: 'ignore' } as const;
    const planNamed = (topic: string) =>
      planOf({ rules, log: { topics: [{ topic, topicId: null }] }, partitions: [{ topic }] });
    planNamed('b'.repeat(249));
    assert.throws(
      () =>
        planOf({
          rules: { ...rules, collection: 'in_an_archive_${topic}' },
          log: { topics: [{ topic: named(255), topicId: null }] },
          partitions: [{ topic: named(255) }],
        }),
      {
        code: 'COLLECTION_UNSUITABLE',
        message: /is 269 bytes long with the database's name before it, and MongoDB takes no more than 255/,
      },
    );
  });

  test('is refused where its view, which hides deleted documents, would have it', () => {
    const rules = { topics: { pattern: '.*' }, collection: EACH } as const;
    const planNamed = (topic: string) =>
      planOf({ rules, log: { topics: [{ topic, topicId: null }] }, partitions: [{ topic }] });
    planNamed(named(255 - LIVE));
    assert.throws(() => planNamed(named(256 - LIVE)), {
      code: 'COLLECTION_UNSUITABLE',
      message: /whose view "a+_live" is 256 bytes long with/,
    });
  });
});

describe('a collection for each topic', () => {
  const cases: readonly (readonly [string, string, string[], RegExp])[] = [
    [
      "is refused where it is one of the server's",
      '${topic}',
      ['system.users'],
      /"system.users".*doesn't allow/,
    ],
    [
      "is refused where a part of its name is the server's, for which no prefix helps",
      'from_${topic}',
      ['a.system.b'],
      /"from_a.system.b".*doesn't allow.*pipeline whose "collection" names another, or leave/,
    ],
    ['is refused where its name begins with a dot', '${topic}', ['.hidden'], /doesn't allow/],
    ['is refused where it has the dead letters', '${topic}', ['orders.dead_letters'], /has the dead letters/],
    [
      'is refused where another topic has its view',
      '${topic}',
      ['orders', 'orders_live'],
      /"orders_live".*view that hides/,
    ],
  ];
  for (const [title, collection, names, message] of cases) {
    test(title, () => {
      const given: Given = {
        rules: { topics: { names }, collection },
        log: { topics: names.map((topic) => ({ topic, topicId: null })) },
        partitions: names.map((topic) => ({ topic, partition: 0 })),
      };
      assert.throws(() => planOf(given), { code: 'COLLECTION_UNSUITABLE', message });
    });
  }

  test('is fine with a prefix', () => {
    const plan = planOf({
      rules: { topics: { names: ['system.users'] }, collection: 'from_${topic}' },
      log: { topics: [{ topic: 'system.users', topicId: null }] },
      partitions: [{ topic: 'system.users' }],
    });
    assert.equal(plan.collection, 'shop.from_${topic}');
  });
});
