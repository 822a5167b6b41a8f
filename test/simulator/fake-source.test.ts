import { describeSourceContract, type SourceUnderTest } from '../contract/source-contract.js';
import { describeSourceMembersContract } from '../contract/source-members-contract.js';
import { describeSourceStoppingContract } from '../contract/source-stopping-contract.js';
import { createGroup } from './fake-group.js';
import { appendRecord, createLog } from './fake-log.js';
import { createFakeSource } from './fake-source.js';
import { createProcess } from './process.js';
import { createRandom } from './random.js';
import { createTime } from './time.js';

/** The simulator's sources without perils: each member a process of its own, all on one log, one group and one time. */
function open(partitions: number): Promise<SourceUnderTest> {
  const time = createTime();
  const random = createRandom(1);
  const log = createLog('orders', partitions);
  const group = createGroup(time);
  const over = new AbortController();
  const flowing = time.flow(over.signal);
  return Promise.resolve({
    topic: log.topic,
    member: () =>
      createFakeSource({
        ...{ log, group, time, random },
        process: createProcess(time, random, { kill: 0, freeze: 0 }),
        perils: { outage: 0, lostCommit: 0 },
        onCommit: () => undefined,
      }),
    append: (partition, values) => {
      for (const value of values) appendRecord(log, partition, { key: 'k', value, timestampMs: Date.now() });
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await flowing;
    },
  });
}

describeSourceContract("the simulator's source", open);
describeSourceStoppingContract("the simulator's source", open);
describeSourceMembersContract("the simulator's source", open);
