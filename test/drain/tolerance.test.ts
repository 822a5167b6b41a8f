import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DeadLetterSettings } from '../../src/config/settings.js';
import { refuseTooManyBad } from '../../src/drain/tolerance.js';
import { DrainError } from '../../src/errors.js';
import { badOnes, books, pipeline, record } from './builders.js';

interface Case {
  title: string;
  tolerate: DeadLetterSettings['tolerate'];
  /** Of the partition before the batch, of the run before it, and of the batch. */
  partition?: [read: number, bad: number];
  run?: [read: number, bad: number];
  batch: [read: number, bad: number];
  refused: boolean;
}

const CASES: Case[] = [
  { title: 'no bad record', tolerate: { count: 1, ratio: 0 }, batch: [1000, 0], refused: false },
  { title: 'a fifth of 200', tolerate: 'all', batch: [200, 40], refused: false },
  { title: 'more than a fifth of 200', tolerate: 'all', batch: [200, 41], refused: true },
  { title: 'all of 199, which say nothing yet', tolerate: 'all', batch: [199, 199], refused: false },
  {
    title: 'more than a fifth, with the batches before',
    tolerate: 'all',
    partition: [195, 40],
    batch: [5, 1],
    refused: true,
  },
  {
    title: 'a bad batch after many good ones',
    tolerate: 'all',
    partition: [10_000, 0],
    batch: [1_000, 1_000],
    refused: false,
  },
  {
    title: 'all of them where the ratio is 1',
    tolerate: { count: null, ratio: 1 },
    batch: [500, 500],
    refused: false,
  },
  {
    title: 'more than a ratio of its own',
    tolerate: { count: null, ratio: 0.01 },
    batch: [1_000, 11],
    refused: true,
  },
  {
    title: 'as many as the count, over all partitions',
    tolerate: { count: 5, ratio: null },
    run: [9, 3],
    batch: [10, 2],
    refused: false,
  },
  {
    title: 'one more than the count, over all partitions',
    tolerate: { count: 5, ratio: null },
    run: [9, 3],
    batch: [10, 3],
    refused: true,
  },
  { title: 'a bad one that ends the run anyway', tolerate: 'none', batch: [500, 500], refused: false },
];

describe('the circuit breaker', () => {
  const counted = ([read, bad]: [number, number]) => books(read, { inserted: read - bad, deadLettered: bad });
  const none: [number, number] = [0, 0];
  for (const { title, tolerate, partition = none, run = partition, batch, refused } of CASES) {
    test(`${refused ? 'refuses' : 'lets through'} ${title}`, () => {
      const [read, bad] = batch;
      const records = Array.from({ length: read }, (_, index) => record({ offset: BigInt(70 + index) }));
      const given = {
        topic: 'orders',
        partition: 'orders-3' as const,
        records,
        nextOffset: BigInt(70 + read),
      };
      const rules = pipeline({ deadLetters: { collection: 'd', tolerate, expireAfterMs: null } });
      const check = () => {
        refuseTooManyBad(
          rules,
          given,
          { partition: counted(partition), run: counted(run) },
          { bad: badOnes(bad), of: read },
        );
      };
      if (!refused) check();
      else assert.throws(check, (error) => error instanceof DrainError && error.code === 'TOO_MANY_BAD');
    });
  }

  test('says where, how many, which code is the commonest with one place of it, and what to do', () => {
    const records = [record({ offset: 70n }), record({ offset: 71n }), record({ offset: 72n })];
    const rules = pipeline({
      deadLetters: { collection: 'd', tolerate: { count: 1, ratio: null }, expireAfterMs: null },
    });
    const soFar = { partition: books(0), run: books(3, { inserted: 2, deadLettered: 1 }) };
    assert.throws(
      () => {
        const batch = { topic: 'orders', partition: 'orders-3' as const, records, nextOffset: 73n };
        refuseTooManyBad(rules, batch, soFar, { bad: badOnes(3), of: 3 });
      },
      {
        message:
          /^orders-3 offsets 70 up to 73: 4 records of this run are bad, and 1 are tolerated\. Commonest in this batch is NOT_JSON \(2 of 3\), as at orders-3 offset 71: the value is not valid JSON\. .*dead-letters list orders\..*"orders".*count, ratio.*"drain-orders"/,
      },
    );
  });
});
