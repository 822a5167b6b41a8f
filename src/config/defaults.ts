/** What holds where the file says nothing, with the reason. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

export const CLIENT_ID = 'kafka-drain';

export const WORKER_DEFAULTS = {
  // a hung drain must not starve the others; two cores' worth of drains and two that wait for I/O
  maxConcurrentDrains: 4,
  // batches in flight need about 160 MB; the rest is room for large records
  threadHeapMb: 512,
  // the delay with which a cancelled or paused run notices; 5s is advised where heartbeats are billed
  heartbeatIntervalMs: SECOND_MS,
  searchAttributes: false,
} as const;

export const PIPELINE_DEFAULTS = {
  epoch: 1,
  value: 'json',
  // nothing is rounded unless somebody says what it shall become
  largeIntegers: 'reject',
  keyFormat: 'string',
  envelope: 'none',
  documentId: 'key',
  // the order in which a partition holds its records is the only one that nobody can get wrong
  version: 'offset',
  // a removed document can't be protected against an older record that comes late
  deletes: 'soft',
  // Kafka's own default retention of records: what could still be replayed is protected against
  tombstoneWindowMs: 7 * DAY_MS,
  // nothing is skipped unless somebody says so
  start: 'earliest',
  until: 'end-offsets',
  onDataLoss: 'fail',
  // one bad record doesn't stop a pipeline; it is kept with its bytes
  tolerate: 'all',
  catchUp: true,
  // one drain is the fastest for small runs, and no other has to be waited for
  members: 1,
} as const;

export const RECORD_LIMIT_DEFAULTS = {
  // MongoDB's limit of a document; what is larger would be refused after all the work
  maxBytes: 16 * 1024 * 1024,
  // MongoDB's documented limit of nesting
  maxDepth: 100,
  // each costs memory and time however few bytes it has; real documents have a thousand at most
  maxKeys: 100_000,
} as const;

export const SCHEDULE_DEFAULTS = {
  intervalMs: 5 * MINUTE_MS,
  // one run at a time; a tick during a run is dropped and the next run drains what came in
  overlap: 'skip',
  // with `cron` there is no interval to derive it from, and a missed nightly run is worth an hour's delay
  cronCatchupWindowMs: HOUR_MS,
} as const;

/** A run isn't meant for less; shorter ones would do nothing but plan. */
export const MIN_INTERVAL_MS = MINUTE_MS;
/** Temporal's server refuses shorter ones. */
export const MIN_CATCHUP_WINDOW_MS = 10 * SECOND_MS;

export const LIMIT_DEFAULTS = {
  // budget and hard kill leave the rest of the interval for a retry and for the next run to start in time
  budgetShare: 0.8,
  startToCloseShare: 0.9,
  // the values of a 5-minute interval; a longer interval doesn't make a longer run any safer
  maxBudgetMs: 4 * MINUTE_MS,
  maxStartToCloseMs: 4 * MINUTE_MS + 30 * SECOND_MS,
  // all attempts: under Skip a tick in that time is dropped, which is what one wants
  scheduleToCloseIntervals: 2,
  // with `cron` there is no interval: room for a second full attempt
  cronScheduleToCloseAttempts: 2,
  // survives a restart of the Temporal server
  heartbeatTimeoutMs: 30 * SECOND_MS,
  // every single wait of a drain is at most 15 s
  stallTimeoutMs: 20 * SECOND_MS,
  idleTimeoutMs: 30 * SECOND_MS,
} as const;
