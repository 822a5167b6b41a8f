import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decide, type DrainSituation, type StopRule } from '../../src/drain/stop-rule.js';

const RULE: StopRule = {
  until: 'end-offsets',
  budgetMs: 1000,
  stopByMs: 3000,
  idleTimeoutMs: 100,
  maxRecords: null,
};
const SITUATION: DrainSituation = {
  elapsedMs: 0,
  drainingMs: 0,
  idleMs: 0,
  read: 0,
  ownUnfinished: ['orders-0'],
  othersUnfinished: [],
  asked: null,
};
const DONE: Partial<DrainSituation> = { ownUnfinished: [], othersUnfinished: [] };
const UNTIL_IDLE: Partial<StopRule> = { until: 'idle' };

function verdict(rule: Partial<StopRule>, now: Partial<DrainSituation>): string {
  const decided = decide({ ...RULE, ...rule }, { ...SITUATION, ...now });
  if (decided.kind === 'stop') return decided.reason;
  return decided.kind === 'stalled' ? `stalled ${decided.partitions.join()}` : decided.kind;
}

describe('a drain', () => {
  const cases: readonly (readonly [string, Partial<StopRule>, Partial<DrainSituation>, string])[] = [
    ['goes on while something of the plan is left', {}, {}, 'go-on'],
    ['is drained when every planned partition is committed up to its end', {}, DONE, 'drained'],
    ['is drained even when asked to stop at the last moment', {}, { ...DONE, asked: 'stopped' }, 'drained'],
    ['is drained even at the end of the budget', {}, { ...DONE, drainingMs: 1000 }, 'drained'],
    [
      'is drained even with the last record that maxRecords allows',
      { maxRecords: 5 },
      { ...DONE, read: 5 },
      'drained',
    ],
    [
      'is not drained while another member has something left',
      {},
      { ownUnfinished: [], othersUnfinished: ['orders-1'] },
      'go-on',
    ],
    [
      'is not drained while both have something left',
      {},
      { ownUnfinished: ['orders-0'], othersUnfinished: ['orders-1'] },
      'go-on',
    ],
    ['stops when an operator asks', {}, { asked: 'stopped' }, 'stopped'],
    ['stops when the worker goes away', {}, { asked: 'shutdown' }, 'shutdown'],
    [
      'names the wish before the limits',
      { maxRecords: 1 },
      { asked: 'shutdown', read: 1, drainingMs: 1000 },
      'shutdown',
    ],
    ['goes on below maxRecords', { maxRecords: 5 }, { read: 4 }, 'go-on'],
    ['stops at maxRecords', { maxRecords: 5 }, { read: 5 }, 'max-records'],
    ['names maxRecords before the budget', { maxRecords: 5 }, { read: 5, drainingMs: 1000 }, 'max-records'],
    ['goes on before the end of the budget', {}, { drainingMs: 999 }, 'go-on'],
    ['stops at the end of the budget', {}, { drainingMs: 1000 }, 'budget'],
    ['has its whole budget after a long join', {}, { elapsedMs: 2999, drainingMs: 999 }, 'go-on'],
    ['stops in time for the hard kill, however late it began', {}, { elapsedMs: 3000 }, 'budget'],
    ['names the budget before a stall', {}, { drainingMs: 1000, idleMs: 100 }, 'budget'],
    ['goes on below the idle timeout', {}, { idleMs: 99 }, 'go-on'],
    [
      'stalls where a partition of its own brings nothing short of the end',
      {},
      { idleMs: 100, ownUnfinished: ['orders-2', 'orders-5'] },
      'stalled orders-2,orders-5',
    ],
    [
      'waits for others however idle it is itself',
      {},
      { idleMs: 99_999, ownUnfinished: [], othersUnfinished: ['orders-1'] },
      'go-on',
    ],
    ['until idle: goes on at the plan’s ends', UNTIL_IDLE, DONE, 'go-on'],
    ['until idle: ends idle', UNTIL_IDLE, { idleMs: 100 }, 'idle'],
    [
      'until idle: ends idle whatever others do',
      UNTIL_IDLE,
      { idleMs: 100, ownUnfinished: [], othersUnfinished: ['orders-1'] },
      'idle',
    ],
    ['until idle: the budget holds', UNTIL_IDLE, { drainingMs: 1000, idleMs: 100 }, 'budget'],
    ['until idle: maxRecords holds', { ...UNTIL_IDLE, maxRecords: 1 }, { read: 1 }, 'max-records'],
    ['until idle: an operator’s stop holds', UNTIL_IDLE, { asked: 'stopped', idleMs: 100 }, 'stopped'],
  ];
  for (const [title, rule, now, expected] of cases) {
    test(title, () => {
      assert.equal(verdict(rule, now), expected);
    });
  }
});
