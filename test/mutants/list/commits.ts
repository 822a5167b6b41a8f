import type { Mutant } from '../mutant.js';

const NO_OUTCOMES = 'updated: 0, deleted: 0, unchanged: 0, coalesced: 0, skipped: 0, deadLettered: 0';

/** When and where it commits. */
export const COMMIT_MUTANTS: readonly Mutant[] = [
  {
    // The source commits what the handler returns, so a handler that doesn't wait is a commit before the write.
    name: 'the handler returns before the batch is written',
    bug: 'commit before write',
    edits: [
      {
        file: 'drain/handle',
        find: '= await writeBatch(',
        replace:
          '= ((...given) => { void writeBatch(...given).catch(() => undefined); const handled = cut.records.length;' +
          `return { handled, books: { counts: { read: handled, inserted: handled, ${NO_OUTCOMES} }, bytes: 0 } }; })(`,
      },
    ],
    tests: ['simulator/simulator'],
  },
  {
    name: 'the source commits before the handler has returned',
    bug: 'commit before write',
    edits: [
      {
        file: 'kafka/member',
        find: 'const handled = await callHandle(state, batch);',
        replace:
          'callHandle(state, batch).catch(() => undefined);' +
          "const handled = { commit: { offset: BigInt(batch.lastOffset()) + 1n, metadata: '' }, done: false };",
      },
    ],
    tests: ['kafka/member'],
  },
  {
    name: 'the offset of the last record is committed, not that behind it',
    bug: 'commit last instead of last+1',
    edits: [
      {
        file: 'drain/handle',
        find: 'cut.records[handled]?.offset ?? cut.nextOffset',
        replace: 'cut.records[handled]?.offset ?? cut.records.at(-1)?.offset ?? cut.nextOffset',
      },
    ],
    tests: ['drain/handle'],
  },
  {
    name: 'one record behind the batch is committed unread',
    bug: 'commit last+2',
    edits: [
      {
        file: 'drain/handle',
        find: 'cut.records[handled]?.offset ?? cut.nextOffset',
        replace: '(cut.records[handled]?.offset ?? cut.nextOffset) + 1n',
      },
    ],
    tests: ['simulator/simulator'],
  },
  {
    name: 'reading goes on one record behind the commit',
    bug: 'commit last+2',
    edits: [
      {
        file: 'kafka/member',
        find: 'String(commit.offset - 1n)',
        replace: 'String(commit.offset)',
      },
    ],
    tests: ['kafka/member'],
  },
  {
    name: 'a commit that failed counts as made',
    bug: 'failed commit swallowed',
    edits: [{ file: 'kafka/member', find: 'throw commitError(state, error);', replace: '' }],
    tests: ['kafka/member'],
  },
  {
    name: 'after the last try a failed commit is forgotten',
    bug: 'failed commit swallowed',
    edits: [
      {
        file: 'kafka/group-calls',
        find: `if (tries === COMMIT_TRIES || !mayRepeat(error))
                throw error;`,
        replace: 'if (tries === COMMIT_TRIES || !mayRepeat(error)) return;',
      },
    ],
    tests: ['kafka/member'],
  },
  {
    name: 'a commit is not tried again on a lost connection',
    bug: null,
    edits: [{ file: 'kafka/group-calls', find: 'tries === COMMIT_TRIES ||', replace: 'true ||' }],
    tests: ['kafka/member'],
  },
  {
    name: 'commits are not verified against the broker in the end',
    bug: null,
    edits: [{ file: 'drain/drain', find: 'verifyCommits(task, ledger, atStop);', replace: '' }],
    tests: ['drain/drain'],
  },
  {
    name: 'a batch that outlives its generation is committed under the new one',
    bug: null,
    edits: [
      {
        file: 'kafka/member',
        find: `if (fetch.generation === state.generation)
            await conclude`,
        replace: 'await conclude',
      },
    ],
    tests: ['kafka/member'],
  },
  {
    name: 'a batch that a rebalance overtook while it was committed moves the position of the new generation',
    bug: null,
    edits: [
      {
        file: 'kafka/member',
        find: `if (generation !== state.generation)
        return;
    if (done)`,
        replace: 'if (done)',
      },
    ],
    tests: ['kafka/member'],
  },
  {
    name: 'what was fetched before a rebalance is handled after it',
    bug: null,
    edits: [
      {
        file: 'kafka/member',
        find: 'if (state.generation !== generation)\n        return [];',
        replace: 'generation = state.generation;',
      },
      {
        file: 'kafka/member',
        find: 'const { generation, interruptions } = state;',
        replace: 'let { generation, interruptions } = state;',
      },
    ],
    tests: ['kafka/member'],
  },
  {
    name: 'after a breakdown of its listener a member reads what it has committed once more',
    bug: null,
    edits: [
      {
        file: 'kafka/member',
        find: 'state.request.listener.committed(partition, offset, metadata);\n    }\n    catch (error) {\n        throw fail(state, error);',
        replace:
          'state.request.listener.committed(partition, offset, metadata);\n    }\n    catch (error) {\n        throw error;',
      },
    ],
    tests: ['kafka/member'],
  },
  {
    name: 'after a rebalance nobody waits for what is still in hand',
    bug: null,
    edits: [
      {
        file: 'kafka/member',
        find: 'await settledBefore(state, generation);',
        replace: '',
      },
    ],
    tests: ['kafka/member'],
  },
  {
    name: 'a batch from a former leader is handled although the position has moved on',
    bug: null,
    edits: [
      {
        file: 'kafka/member',
        find: 'generation !== state.generation || isStale(state, batch)',
        replace: 'generation !== state.generation',
      },
    ],
    tests: ['kafka/member'],
  },
  {
    name: 'a partition that is done is not paused',
    bug: null,
    edits: [
      {
        file: 'kafka/member',
        find: 'if (done)\n        group.pause',
        replace: 'if (false)\n        group.pause',
      },
    ],
    tests: ['kafka/member'],
  },
  {
    name: 'a member that the group gave up joins again as a new one',
    bug: null,
    edits: [
      {
        file: 'kafka/group-hooks',
        find: 'if (isFence(error) && everJoined.has(group))',
        replace: 'if (false)',
      },
    ],
    tests: ['kafka/group-hooks'],
  },
  {
    name: 'heartbeats of an old generation are taken for a fence',
    bug: null,
    edits: [
      {
        file: 'kafka/group-hooks',
        find: 'if (joining.has(this) || this.generationId !== generation)',
        replace: 'if (false)',
      },
    ],
    tests: ['kafka/group-hooks'],
  },
];
