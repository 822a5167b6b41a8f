import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commitOffsets } from '../../src/kafka/group-calls.js';
import type { Group, OffsetsToCommit } from '../../src/kafka/internals.js';

test('the commits of thousands of partitions go out by the hundred: a broker takes 1 MiB of them at once', async () => {
  const sent: OffsetsToCommit[] = [];
  const group = {
    commitOffsets: (offsets: OffsetsToCommit) => {
      sent.push(offsets);
      return Promise.resolve();
    },
  } as Partial<Group> as Group;
  const commits = Array.from({ length: 3_001 }, (_, partition) => ({
    ...{ topic: partition < 2_000 ? 'a' : 'b', partition },
    commit: { offset: 7n, metadata: 'x'.repeat(3_072) },
  }));
  await commitOffsets(group, commits, () => true);
  const partitions = sent.flatMap(({ topics }) =>
    topics.flatMap(({ topic, partitions: of }) => of.map(({ partition }) => `${topic}-${String(partition)}`)),
  );
  assert.deepEqual(
    partitions,
    commits.map(({ topic, partition }) => `${topic}-${String(partition)}`),
  );
  assert.ok(sent.every((offsets) => JSON.stringify(offsets).length < 1024 * 1024));
});
