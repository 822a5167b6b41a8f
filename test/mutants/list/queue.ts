import type { Mutant } from '../mutant.js';

const QUEUE = 'kafka/batch-queue';
const OF_QUEUE = { bug: null, tests: ['kafka/batch-queue'] };

function edit(find: string, replace: string): Mutant['edits'] {
  return [{ file: QUEUE, find, replace }];
}

/** Batches that are handled while others are fetched. */
export const QUEUE_MUTANTS: readonly Mutant[] = [
  {
    ...OF_QUEUE,
    name: 'the group is left while a batch is handled',
    edits: edit('if (isGoingOn(state))\n        return;', 'if (isGoingOn(state) || state.closed) return;'),
  },
  {
    ...OF_QUEUE,
    name: 'what waits begins after a stop',
    edits: edit('state.closed = true;\n    dropWaiting(state);', 'state.closed = true;'),
  },
  {
    ...OF_QUEUE,
    name: "kafkajs isn't told what a batch ended with",
    edits: edit('state.trouble = { error };', 'return;'),
  },
  {
    ...OF_QUEUE,
    name: 'what ends a membership is forgotten behind a rebalance',
    edits: edit(
      'state.trouble === undefined || state.member.failure() !== undefined',
      'state.trouble === undefined',
    ),
  },
  {
    ...OF_QUEUE,
    name: 'a partition is handled twice at once',
    edits: edit('!batch.isEmpty() && !inHand.has(partitionName(batch))', '!batch.isEmpty()'),
  },
  {
    ...OF_QUEUE,
    name: 'a partition of which a batch is in hand is fetched',
    edits: edit('!partitions.has(partitionName({ topic, partition }))', 'partitions !== undefined'),
  },
  {
    ...OF_QUEUE,
    name: 'a join begins while a batch is handled, because a fetch met stale metadata',
    edits: edit('Promise.reject(rebalance())', 'Promise.resolve()'),
  },
  {
    ...OF_QUEUE,
    name: 'a join begins while a batch is handled, because a heartbeat met a rebalance',
    edits: edit('beat().catch((error) => hear(state, error))', 'beat()'),
  },
  {
    ...OF_QUEUE,
    name: 'what was fetched while the group broke up is handled',
    edits: edit('state.closed || state.troubles !== troubles', 'state.closed'),
  },
  {
    ...OF_QUEUE,
    name: 'the end of a batch during a fetch goes unnoticed',
    edits: edit('inHand.size > 0 && state.changes === changes', 'inHand.size > 0'),
  },
  {
    name: 'a member whose reading has failed joins again',
    bug: null,
    edits: [
      {
        file: 'kafka/member',
        find: 'state.request.signal.aborted || state.failed !== undefined,',
        replace: 'state.request.signal.aborted,',
      },
    ],
    tests: ['kafka/member'],
  },
  {
    name: 'many short batches send no heartbeat',
    bug: null,
    edits: [{ file: 'kafka/group-calls', find: 'beat();', replace: '' }],
    tests: ['kafka/member'],
  },
  {
    name: 'all batches of a fetch are decoded before the first of them is written',
    bug: null,
    edits: [{ file: 'drain/write-batch', find: 'await setImmediate();', replace: '0;' }],
    tests: ['drain/write-batch-turns'],
  },
  {
    name: 'batches whose records wait for nothing are sorted side by side',
    bug: null,
    edits: [
      {
        file: 'drain/write-batch',
        find: 'mayWait ? sortLeased : oneAtATime(sortLeased)',
        replace: 'sortLeased',
      },
    ],
    tests: ['drain/write-batch-turns'],
  },
  {
    name: 'a transform that waits for something holds up all partitions',
    bug: null,
    edits: [
      {
        file: 'drain/write-batch',
        find: 'mayWait ? sortLeased : oneAtATime(sortLeased)',
        replace: 'oneAtATime(sortLeased)',
      },
    ],
    tests: ['drain/write-batch-turns'],
  },
  {
    name: 'replies are heard and commands sent only when a whole batch is sorted',
    bug: null,
    edits: [
      {
        file: 'drain/write-batch',
        find: 'RECORDS_PER_STRETCH = 1_000',
        replace: 'RECORDS_PER_STRETCH = 1e9',
      },
    ],
    tests: ['drain/write-batch-turns'],
  },
  {
    name: 'the memory of a batch that could not be sorted is never used again',
    bug: null,
    edits: [
      { file: 'drain/write-batch', find: 'release();\n            throw error;', replace: 'throw error;' },
    ],
    tests: ['drain/write-batch-turns'],
  },
  {
    name: 'what a value in a unique index holds up is refused before all slices are written',
    bug: null,
    edits: [
      {
        file: 'mongodb/write',
        find: 'const left = await settle(start, { ...settling, tally });',
        replace:
          'const left = await settle(start, { ...settling, tally }); await settleAlone(left.splice(0), { ...settling, tally });',
      },
    ],
    tests: ['mongodb/slices-in-flight'],
    servers: true,
  },
  {
    name: 'slices of a batch are sent one after the other',
    bug: null,
    edits: [{ file: 'mongodb/write', find: 'SLICES_IN_FLIGHT = 3', replace: 'SLICES_IN_FLIGHT = 1' }],
    tests: ['mongodb/slices-in-flight'],
    servers: true,
  },
  {
    name: 'a batch beside others is cut in two as well',
    bug: null,
    edits: [{ file: 'mongodb/call-turns', find: 'alone > ALONE_BEFORE', replace: 'true' }],
    tests: ['mongodb/slices-in-flight'],
    servers: true,
  },
  {
    name: 'a write that failed is under way for ever, and no later one is alone',
    bug: null,
    edits: [{ file: 'mongodb/call-turns', find: 'underWay -= 1;', replace: ';' }],
    tests: ['mongodb/slices-in-flight'],
    servers: true,
  },
  {
    name: 'more is fetched of a partition than is handled at once, and again with each fetch',
    bug: null,
    edits: [
      {
        file: 'kafka/fetch-size',
        find: 'Math.max(whole.maxBytesPerPartition, taken)',
        replace: 'whole.maxBytesAlone',
      },
    ],
    tests: ['kafka/fetch-size'],
  },
];
