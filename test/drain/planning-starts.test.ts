import type { PipelineSettings } from '../../src/config/settings.js';
import { foreign, NOW, ours, previousRun, topicResult } from './builders.js';
import { describeCases, type Case } from './planning-cases.js';

const AT_EPOCH_2: Partial<PipelineSettings> = { epoch: 2 };
const NOON = { timestampMs: NOW.getTime() };

const STARTS: readonly Case[] = [
  {
    rule: 'earliest begins at the low watermark',
    given: {},
    ranges: ['40-100 of none'],
    continuity: 'first',
  },
  {
    rule: 'latest begins at the end, and the partition is work although there is nothing to read',
    given: { rules: { start: 'latest' } },
    ranges: ['100-100 of none'],
    continuity: 'first',
  },
  {
    rule: 'a point in time begins at the first record of that time, per partition',
    given: { rules: { start: NOON }, partitions: [{}, {}], offsetsAtStart: { 0: 60n, 1: 77n } },
    ranges: ['60-100 of none', '77-100 of none'],
    continuity: 'first',
  },
  {
    rule: 'a point in time after every record begins at the end',
    given: { rules: { start: NOON }, offsetsAtStart: {} },
    ranges: ['100-100 of none'],
    continuity: 'first',
  },
  {
    rule: 'a point in time stays within the log, which may have moved on between two questions',
    given: { rules: { start: NOON }, partitions: [{}, {}], offsetsAtStart: { 0: 101n, 1: 39n } },
    ranges: ['100-100 of none', '40-100 of none'],
    continuity: 'first',
  },
  {
    rule: 'fail does not matter once something is committed',
    given: { rules: { start: 'fail' }, partitions: [{ committed: foreign(50n) }] },
    ranges: ['50-100 of 50'],
    continuity: 'unknown',
  },
  {
    rule: 'an empty partition that never had a record is work as long as nothing is committed',
    given: { partitions: [{ low: 0n, end: 0n }] },
    ranges: ['0-0 of none'],
    continuity: 'first',
  },
  {
    rule: 'a run that was stopped before it committed leaves the start policy in force',
    given: { rules: { start: 'latest' }, previous: previousRun([{ committed: null, end: '90' }]) },
    ranges: ['100-100 of none'],
    continuity: 'first',
  },
];

const ADDED: readonly Case[] = [
  {
    rule: 'a partition that the previous run does not know begins at its low watermark, with latest too',
    given: {
      rules: { start: 'latest' },
      partitions: [{ committed: ours(70n) }, { low: 0n, end: 5n }],
      previous: previousRun([{ committed: '70' }]),
    },
    ranges: ['70-100 of 70', '0-5 of none'],
    continuity: 'continuous',
    warnings: ['PARTITIONS_ADDED'],
  },
  {
    rule: 'a new partition begins at its low watermark with fail, too',
    given: {
      rules: { start: 'fail' },
      partitions: [{ committed: ours(70n) }, { low: 0n, end: 5n }],
      previous: previousRun([{ committed: '70' }]),
    },
    ranges: ['70-100 of 70', '0-5 of none'],
    continuity: 'continuous',
    warnings: ['PARTITIONS_ADDED'],
  },
  {
    rule: 'a new partition begins at its low watermark with a point in time, too',
    given: {
      rules: { start: NOON },
      partitions: [{ committed: ours(70n) }, { low: 0n, end: 5n }],
      previous: previousRun([{ committed: '70' }]),
      offsetsAtStart: { 0: 100n, 1: 5n },
    },
    ranges: ['70-100 of 70', '0-5 of none'],
    continuity: 'continuous',
    warnings: ['PARTITIONS_ADDED'],
  },
  {
    rule: 'without a previous result (AllowAll) a partition is new where the group has commits of ours for others',
    given: { rules: { start: 'latest' }, partitions: [{ committed: ours(70n) }, { low: 0n, end: 5n }] },
    ranges: ['70-100 of 70', '0-5 of none'],
    continuity: 'unknown',
    warnings: ['PARTITIONS_ADDED'],
  },
  {
    rule: 'commits of another consumer make no partition new: the start policy holds',
    given: { rules: { start: 'latest' }, partitions: [{ committed: foreign(70n) }, { low: 0n, end: 5n }] },
    ranges: ['70-100 of 70', '5-5 of none'],
    continuity: 'unknown',
  },
  {
    rule: 'no warning where keys that moved make no difference',
    given: {
      rules: { documentId: { from: 'coordinates' } },
      partitions: [{ committed: ours(70n) }, {}],
      previous: previousRun([{ committed: '70' }]),
    },
    ranges: ['70-100 of 70', '40-100 of none'],
    continuity: 'continuous',
  },
];

const EPOCHS: readonly Case[] = [
  {
    rule: 'what we committed under an earlier epoch does not count: the start policy applies again',
    given: {
      rules: AT_EPOCH_2,
      partitions: [{ committed: ours(500n) }],
      previous: previousRun([{ committed: '500' }], { topics: [topicResult({ topicId: 'old' })] }),
    },
    ranges: ['40-100 of none'],
    continuity: 'first',
    warnings: ['PREVIOUS_RUN_INCOMPARABLE'],
  },
  {
    rule: 'the start policy is the configured one',
    given: { rules: { ...AT_EPOCH_2, start: 'latest' }, partitions: [{ committed: ours(50n) }] },
    ranges: ['100-100 of none'],
    continuity: 'first',
  },
  {
    rule: 'what was committed under the raised epoch counts',
    given: {
      rules: AT_EPOCH_2,
      partitions: [{ committed: ours(70n, { epoch: 2 }) }],
      previous: previousRun([{ committed: '70' }], { epoch: 2 }),
    },
    ranges: ['70-100 of 70'],
    continuity: 'continuous',
  },
  {
    rule: 'an offset that an operator has set after the break counts',
    given: {
      rules: AT_EPOCH_2,
      partitions: [{ committed: foreign(60n) }],
      previous: previousRun([{ committed: '500' }]),
    },
    ranges: ['60-100 of 60'],
    continuity: 'unknown',
    warnings: ['PREVIOUS_RUN_INCOMPARABLE'],
  },
  {
    rule: 'an unusable offset of somebody else belongs to the old log: raising the epoch gets past it',
    given: {
      rules: AT_EPOCH_2,
      partitions: [{ committed: foreign(500n) }, { committed: foreign(-2n) }, { committed: ours(500n) }],
    },
    ranges: ['40-100 of none', '40-100 of none', '40-100 of none'],
    continuity: 'first',
  },
  {
    rule: 'partitions without a commit under the raised epoch are new once others have one',
    given: {
      rules: { ...AT_EPOCH_2, start: 'latest' },
      partitions: [{ committed: ours(70n, { epoch: 2 }) }, { committed: ours(70n) }],
    },
    ranges: ['70-100 of 70', '40-100 of none'],
    continuity: 'unknown',
    warnings: ['PARTITIONS_ADDED'],
  },
];

describeCases('the start of a group', STARTS);
describeCases('new partitions', ADDED);
describeCases('a raised epoch', EPOCHS);
