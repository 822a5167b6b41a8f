import { NO_RECORDS, type DrainOutcome, type PartitionResult, type Plan } from '../../src/contract.js';

export const STARTED = new Date('2026-03-01T12:00:00.000Z');
export const ENDED = new Date('2026-03-01T12:00:01.840Z');

export function plan(overrides: Partial<Plan> = {}): Plan {
  return {
    pipeline: 'orders',
    clusterId: 'cluster',
    topic: 'orders',
    topics: [{ topic: 'orders', topicId: 'topic' }],
    group: 'drain-orders',
    collection: 'shop.orders',
    epoch: 1,
    fingerprint: 'f',
    plannedAt: STARTED.toISOString(),
    nothingToDo: false,
    searchAttributes: false,
    catchUp: true,
    quietSince: null,
    lagBefore: 12_345,
    continuity: 'continuous',
    warnings: [],
    lost: [],
    partitions: [{ topic: 'orders', partition: 0, start: '5', end: '12350', committed: '5' }],
    ...overrides,
  };
}

export function partition(overrides: Partial<PartitionResult> = {}): PartitionResult {
  return {
    topic: 'orders',
    partition: 0,
    start: '5',
    end: '12350',
    committed: '105',
    read: 100,
    ...overrides,
  };
}

export function outcome(overrides: Partial<DrainOutcome> = {}): DrainOutcome {
  return {
    stopReason: 'budget',
    attempt: 2,
    resumed: true,
    lagAfter: 12_245,
    records: { ...NO_RECORDS, read: 100, inserted: 60, updated: 39, deadLettered: 1 },
    bytes: 9_000,
    warnings: [],
    lost: [],
    topics: [{ topic: 'orders', read: 100, lagAfter: 12_245 }],
    partitions: [partition()],
    ...overrides,
  };
}
