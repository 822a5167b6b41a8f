import { foreign, ours, pipeline, previousRun, topicResult } from './builders.js';
import { describeCases, type Case } from './planning-cases.js';

const FOLLOWING: readonly Case[] = [
  {
    rule: 'committed where the previous run left it: continuous',
    given: { partitions: [{ committed: ours(70n) }], previous: previousRun([{ committed: '70' }]) },
    ranges: ['70-100 of 70'],
    continuity: 'continuous',
  },
  {
    rule: 'committed there by somebody else: continuous, nothing is missing',
    given: { partitions: [{ committed: foreign(70n) }], previous: previousRun([{ committed: '70' }]) },
    ranges: ['70-100 of 70'],
    continuity: 'continuous',
  },
  {
    rule: 'ahead with our mark: a failed or killed run of ours got that far',
    given: { partitions: [{ committed: ours(80n) }], previous: previousRun([{ committed: '70' }]) },
    ranges: ['80-100 of 80'],
    continuity: 'continuous',
  },
  {
    rule: 'ahead without our mark: a gap, noted loudly',
    given: { partitions: [{ committed: foreign(80n) }], previous: previousRun([{ committed: '70' }]) },
    ranges: ['80-100 of 80'],
    continuity: 'gap',
    warnings: ['COMMITTED_ELSEWHERE'],
  },
  {
    rule: 'behind the previous run: somebody rewound, a replay',
    given: { partitions: [{ committed: foreign(50n) }], previous: previousRun([{ committed: '70' }]) },
    ranges: ['50-100 of 50'],
    continuity: 'replay',
  },
  {
    rule: 'behind the previous run with our mark: a replay, too',
    given: { partitions: [{ committed: ours(50n) }], previous: previousRun([{ committed: '70' }]) },
    ranges: ['50-100 of 50'],
    continuity: 'replay',
  },
  {
    rule: 'a gap in one partition is not hidden by a replay in another',
    given: {
      partitions: [{ committed: foreign(50n) }, { committed: foreign(90n) }, { committed: ours(70n) }],
      previous: previousRun([{ committed: '70' }, { committed: '70' }, { committed: '70' }]),
    },
    ranges: ['50-100 of 50', '90-100 of 90', '70-100 of 70'],
    continuity: 'gap',
    warnings: ['COMMITTED_ELSEWHERE'],
  },
  {
    rule: 'commits without a previous result to compare them with: unknown',
    given: { partitions: [{ committed: ours(70n) }] },
    ranges: ['70-100 of 70'],
    continuity: 'unknown',
  },
  {
    rule: 'a previous run of another cluster is not compared, and that is said',
    given: {
      partitions: [{ committed: ours(70n) }],
      previous: previousRun([{ committed: '70' }], { clusterId: 'other' }),
    },
    ranges: ['70-100 of 70'],
    continuity: 'unknown',
    warnings: ['PREVIOUS_RUN_INCOMPARABLE'],
  },
  {
    rule: 'a previous run of another topic is not compared, although its topic id differs',
    given: {
      partitions: [{ committed: ours(70n) }],
      previous: previousRun([{ committed: '700' }], {
        topic: 'old',
        topics: [topicResult({ topic: 'old', topicId: 'old' })],
      }),
    },
    ranges: ['70-100 of 70'],
    continuity: 'unknown',
    warnings: ['PREVIOUS_RUN_INCOMPARABLE'],
  },
  {
    rule: 'a previous run of another group is not compared',
    given: { previous: previousRun([{ committed: '70' }], { group: 'other' }) },
    ranges: ['40-100 of none'],
    continuity: 'first',
    warnings: ['PREVIOUS_RUN_INCOMPARABLE'],
  },
  {
    rule: 'topic ids are compared only where both are known',
    given: {
      partitions: [{ committed: ours(70n) }],
      log: { topics: [{ topic: 'orders', topicId: null }] },
      previous: previousRun([{ committed: '70' }]),
    },
    ranges: ['70-100 of 70'],
    continuity: 'continuous',
  },
];

const GONE: readonly Case[] = [
  {
    rule: 'offsets gone: resumes where the previous run left, with a warning',
    given: { rules: { start: 'latest' }, previous: previousRun([{ committed: '70' }]) },
    ranges: ['70-100 of none'],
    continuity: 'resumed',
    warnings: ['OFFSETS_EXPIRED'],
  },
  {
    rule: 'offsets gone: resumes at both ends of the log, too',
    given: { partitions: [{}, {}], previous: previousRun([{ committed: '40' }, { committed: '100' }]) },
    ranges: ['40-100 of none', '100-100 of none'],
    continuity: 'resumed',
    warnings: ['OFFSETS_EXPIRED', 'OFFSETS_EXPIRED'],
  },
  {
    rule: 'offsets gone and records expired: with onDataLoss skip it goes on at the low watermark',
    given: { rules: { onDataLoss: 'skip' }, previous: previousRun([{ committed: '30' }]) },
    ranges: ['40-100 of none'],
    continuity: 'resumed',
    warnings: ['OFFSETS_EXPIRED'],
    lost: [{ topic: 'orders', partition: 0, from: '30', to: '40' }],
  },
  {
    rule: 'records expired unread: with onDataLoss skip it goes on at the low watermark, and the range is reported',
    given: {
      rules: { onDataLoss: 'skip' },
      partitions: [{ committed: ours(10n) }, { committed: ours(50n) }],
      previous: previousRun([{ committed: '10' }, { committed: '50' }]),
    },
    ranges: ['40-100 of 10', '50-100 of 50'],
    continuity: 'continuous',
    lost: [{ topic: 'orders', partition: 0, from: '10', to: '40' }],
  },
  {
    rule: 'everything expired: with onDataLoss skip nothing is left but the commit',
    given: { rules: { onDataLoss: 'skip' }, partitions: [{ low: 100n, committed: ours(10n) }] },
    ranges: ['100-100 of 10'],
    continuity: 'unknown',
    lost: [{ topic: 'orders', partition: 0, from: '10', to: '100' }],
  },
];

const UNTOLD: Case[] = [
  {
    rule: 'lost by a run that failed: the next one that succeeds tells',
    given: {
      partitions: [{ committed: ours(60n, { lost: [{ from: '10', to: '40' }] }) }],
      previous: previousRun([{ committed: '10' }]),
    },
    ranges: ['60-100 of 60'],
    continuity: 'continuous',
    lost: [{ topic: 'orders', partition: 0, from: '10', to: '40' }],
  },
  {
    rule: 'lost by a run that failed before any had succeeded',
    given: { partitions: [{ committed: ours(60n, { lost: [{ from: '10', to: '40' }] }) }] },
    ranges: ['60-100 of 60'],
    continuity: 'unknown',
    lost: [{ topic: 'orders', partition: 0, from: '10', to: '40' }],
  },
  {
    rule: 'lost before any had succeeded: under AllowAll in the result of the run that found it only',
    given: {
      rules: { schedule: { ...pipeline().schedule, overlap: 'allowAll' } },
      partitions: [{ committed: ours(60n, { lost: [{ from: '10', to: '40' }] }) }],
    },
    ranges: ['60-100 of 60'],
    continuity: 'unknown',
  },
  {
    rule: 'lost right up to where the previous run ended: told by it',
    given: {
      partitions: [{ committed: ours(60n, { lost: [{ from: '10', to: '40' }] }) }],
      previous: previousRun([{ committed: '40' }]),
    },
    ranges: ['60-100 of 60'],
    continuity: 'continuous',
  },
  {
    rule: 'lost by a run that failed, and by retention since',
    given: {
      rules: { onDataLoss: 'skip' },
      partitions: [{ committed: ours(30n, { lost: [{ from: '10', to: '20' }] }) }],
      previous: previousRun([{ committed: '10' }]),
    },
    ranges: ['40-100 of 30'],
    continuity: 'continuous',
    lost: [
      { topic: 'orders', partition: 0, from: '10', to: '20' },
      { topic: 'orders', partition: 0, from: '30', to: '40' },
    ],
  },
  {
    rule: 'lost and told by the previous run: not told again',
    given: {
      partitions: [{ committed: ours(60n, { lost: [{ from: '10', to: '40' }] }) }],
      previous: previousRun([{ committed: '60' }]),
    },
    ranges: ['60-100 of 60'],
    continuity: 'continuous',
  },
];

const UNLISTED: Case[] = [
  {
    rule: 'a partition that the previous result does not list is compared all the same',
    given: {
      partitions: [{ committed: ours(50n) }, { committed: foreign(60n) }],
      previous: previousRun([{ committed: '50' }], { unlisted: 'orders=,1e' }),
    },
    ranges: ['50-100 of 50', '60-100 of 60'],
    continuity: 'gap',
    warnings: ['COMMITTED_ELSEWHERE'],
  },
  {
    rule: 'an offset that is gone is resumed there, too',
    given: {
      partitions: [{ committed: ours(50n) }, {}],
      previous: previousRun([{ committed: '50' }], { unlisted: 'orders=,1y' }),
    },
    ranges: ['50-100 of 50', '70-100 of none'],
    continuity: 'resumed',
    warnings: ['OFFSETS_EXPIRED'],
  },
];

describeCases('what no result has told', UNTOLD);
describeCases('above a hundred partitions', UNLISTED);
describeCases('following the previous run', FOLLOWING);
describeCases('what is gone', GONE);
