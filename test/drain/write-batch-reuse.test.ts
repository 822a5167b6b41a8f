import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { test } from 'node:test';
import { createToOperation } from '../../src/drain/operation.js';
import { createWriteBatch } from '../../src/drain/write-batch.js';
import { recycleRecords } from '../../src/kafka/record-reader.js';
import type { KafkaRecord } from '../../src/kafka/source.js';
import { createTranscoder } from '../../src/mongodb/json-to-bson.js';
import type { WriteModel } from '../../src/mongodb/sink.js';
import { decodeBatch } from '../kafka/encoded-batch.js';
import { seededRandom } from '../mongodb/models.js';
import { NOW, pipeline } from './builders.js';
import { createFakeSink } from './fake-sink.js';
import { RUN, TOLERATE_NONE } from './write-batch-cases.js';

const NEVER = new AbortController().signal;
const PARTITIONS = 3;
const BATCHES = 60;
const IDS = 40;

const BROKEN = '{broken';

interface Kind {
  key: string;
  value: Buffer | null;
}

/** Mostly upserts; tombstones, broken values and values that go to the parser among them. */
function contentBy(random: () => number, partition: number, offset: number): Kind {
  const key = `${String(partition)}-${'k'.repeat(Math.floor(random() * 4))}${String(Math.floor(random() * IDS))}`;
  const chance = random();
  if (chance < 0.1) return { key, value: null };
  if (chance < 0.15) return { key, value: Buffer.from(BROKEN) };
  const name = chance < 0.25 ? '1' : 'n';
  return {
    key,
    value: Buffer.from(JSON.stringify({ key, at: offset, [name]: 'x'.repeat(Math.floor(random() * 90)) })),
  };
}

function contentsBy(random: () => number, partition: number, from: number): (Kind & { offset: number })[] {
  return Array.from({ length: 1 + Math.floor(random() * 25) }, (_, index) => ({
    ...contentBy(random, partition, from + index),
    offset: from + index,
  }));
}

/** The records of a batch as they come from a fetch, and the bytes that they are in. */
async function batchOf(contents: readonly (Kind & { offset: number })[], partition: number) {
  const first = contents[0]?.offset ?? 0;
  const records = contents.map(({ key, value, offset }) => ({ offset, key: Buffer.from(key), value }));
  const { packed } = await decodeBatch({ firstOffset: first, records });
  const read: KafkaRecord[] = [];
  packed.read({ topic: 'orders', partition }, 0n, read);
  return { records: read, memory: read[0]?.places?.buffer };
}

/** Gives others a turn, or some. */
async function breathe(random: () => number): Promise<void> {
  for (let times = Math.floor(random() * 4); times > 0; times -= 1) await setImmediate();
}

const REFUSED = [7, 23, 110];

/** A sink that takes its time, and what dead letters were like when it got them. */
function slowSink(random: () => number, refuses: readonly number[]) {
  const sink = createFakeSink({ refuses: refuses.map(BigInt) });
  const letters: string[] = [];
  const slow: Pick<typeof sink, 'write' | 'writeDeadLetters'> = {
    write: async (...given) => {
      await breathe(random);
      const result = await sink.write(...given);
      await breathe(random);
      return result;
    },
    writeDeadLetters: async (given) => {
      await breathe(random);
      for (const { partition, offset, key } of given)
        letters.push(`${String(partition)} ${String(offset)} ${String(key)}`);
    },
  };
  return { slow, letters, stored: sink.stored };
}

for (const tolerate of ['all', 'none'] as const) {
  test(`batches side by side, made of what earlier ones were made of, get nothing of each other (tolerate: ${tolerate})`, async () => {
    const random = seededRandom(tolerate.length);
    const refused = tolerate === 'none' ? [] : REFUSED;
    const { slow, letters, stored } = slowSink(random, refused);
    const settings = pipeline(tolerate === 'none' ? TOLERATE_NONE : {});
    const transcoder = createTranscoder(settings.recordLimits, { largeIntegers: 'double' });
    const writeBatch = createWriteBatch({
      ...{ sink: slow, lease: transcoder.lease, mayWait: false, pipeline: settings, run: RUN },
      toOperation: createToOperation(settings, NOW, { transcoder }),
    });
    /** What must be stored under each key: the newest of its records that isn't bad. */
    const expected = new Map<string, Kind & { offset: number }>();
    const bad = new Set<string>();
    const drain = async (partition: number): Promise<void> => {
      for (let batch = 0, offset = 0; batch < BATCHES; batch += 1) {
        const contents = contentsBy(random, partition, offset);
        const { records, memory } = await batchOf(contents, partition);
        const handled = await writeBatch(records, NEVER).then(
          (written) => written.handled,
          () => 0,
        );
        for (const content of contents.slice(0, handled)) {
          if (content.value?.toString() !== BROKEN && !refused.includes(content.offset))
            expected.set(content.key, content);
          else bad.add(`${String(partition)} ${String(content.offset)} ${content.key}`);
        }
        // as a member does; then something else comes into the memory
        recycleRecords(records);
        memory?.fill(0xff);
        offset += Math.max(handled, 1);
        await breathe(random);
      }
    };
    await Promise.all(Array.from({ length: PARTITIONS }, (_, partition) => drain(partition)));
    assert.ok(expected.size > 100, String(expected.size));
    for (const letter of letters) assert.ok(bad.has(letter), letter);
    assert.deepEqual(new Set(stored.keys()), new Set(expected.keys()));
    for (const model of stored.values()) assertIs(model, expected.get(String(model.id)));
  });
}

function assertIs(model: WriteModel, expected: (Kind & { offset: number }) | undefined): void {
  assert.equal(model.version.offset, BigInt(expected?.offset ?? -1), model.idKey);
  const fields = model.kind === 'upsert' ? Object.fromEntries(Object.entries(model.fields)) : null;
  const value = expected?.value?.toString() ?? 'null';
  assert.deepEqual(fields, JSON.parse(value), model.idKey);
}
