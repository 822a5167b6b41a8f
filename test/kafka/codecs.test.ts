import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import lz4 from 'lz4js';
import snappy from 'snappyjs';
import { registerCodecs, unzstdInJavaScript } from '../../src/kafka/codecs.js';
import { patchedKafkaJs } from '../../src/kafka/patched-kafkajs.js';
import { runKafkaTool, temporaryFolder } from '../support/stack.js';
import { openBroker, type Broker } from './broker.js';
import { fromStart, startConsuming } from './consuming.js';

type Codecs = Record<number, () => { decompress: (data: Buffer) => Promise<Buffer> }>;

function codecs(maxBytes?: number): Codecs {
  const registry = { CompressionCodecs: {} };
  registerCodecs(registry, maxBytes);
  return registry.CompressionCodecs;
}

/** A zstd frame of zeros, by hand: a window of 2 MiB, and blocks that each say "100,000 times this byte". */
function zstdZeros(blocks: number): Buffer {
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]);
  const body = Array.from({ length: blocks }, (_, index) => {
    const block = Buffer.alloc(4);
    block.writeUIntLE((100_000 << 3) | (1 << 1) | (index === blocks - 1 ? 1 : 0), 0, 3);
    return block;
  });
  return Buffer.concat([header, ...body]);
}

const RECORDS = 3_000;

/** With the Java producer, values drawn from a file of lines. */
async function produceInJava(
  { topic, settings }: Broker,
  codec: string,
  lines: readonly string[],
): Promise<void> {
  const { path, remove } = temporaryFolder('codec');
  try {
    const file = join(path, 'lines.txt');
    writeFileSync(file, lines.join('\n'));
    const { code, stdout, stderr } = await runKafkaTool('org.apache.kafka.tools.ProducerPerformance', [
      ...['--topic', topic, '--num-records', String(RECORDS), '--throughput', '-1', '--payload-file', file],
      ...['--producer-props', `bootstrap.servers=${settings.brokers.join(',')}`, `compression.type=${codec}`],
      ...['linger.ms=50', 'batch.size=200000'],
    ]);
    assert.equal(code, 0, `${stdout}${stderr}`);
  } finally {
    remove();
  }
}

for (const codec of ['gzip', 'snappy', 'lz4', 'zstd']) {
  test(`records that the Java producer compressed with ${codec} are read whole`, async () => {
    await using broker = await openBroker(1);
    // Longer than one block of snappy (32 KiB) and lz4 (64 KiB) once some of them are in a batch.
    const lines = Array.from({ length: 50 }, (_, line) => `${line}:${`${line * line}äß`.repeat(20 + line)}`);
    await produceInJava(broker, codec, lines);
    const consuming = startConsuming(broker.member(), fromStart(broker.topic, 1), {
      ends: new Map([[0, BigInt(RECORDS)]]),
    });
    await consuming.drained();
    const known = new Set(lines);
    assert.equal(consuming.values(0).length, RECORDS);
    assert.deepEqual(
      consuming.values(0).filter((value) => value === null || !known.has(value)),
      [],
    );
  });
}

test('a batch with an unknown codec ends the reading and names the topic', async () => {
  await using broker = await openBroker(1);
  const { CompressionCodecs: registered, CompressionTypes } = patchedKafkaJs();
  const { topic, producer } = broker;
  const messages = [{ value: 'x', partition: 0 }];
  await producer.send({ topic, messages, compression: CompressionTypes.GZIP });
  const { 1: gzip, 5: unknown } = registered as Record<number, unknown>;
  Object.assign(registered, { 1: unknown });
  try {
    const consuming = startConsuming(broker.member(), fromStart(broker.topic, 1), {
      ends: new Map([[0, 1n]]),
    });
    await assert.rejects(consuming.ended, { code: 'UNSUPPORTED_CODEC', message: new RegExp(topic) });
    assert.equal(consuming.batches.length, 0);
  } finally {
    Object.assign(registered, { 1: gzip });
  }
});

test('raw snappy blocks without the Java header are read, too', async () => {
  const plain = Buffer.from('order '.repeat(1000));
  assert.deepEqual(await codecs()[2]?.().decompress(Buffer.from(snappy.compress(plain))), plain);
});

test('what decompresses to more than the limit is refused, and up to it is read', async () => {
  const limit = 300_000;
  const zeros = Buffer.alloc(limit);
  const forms = (data: Buffer, blocks: number): Record<number, Buffer> => ({
    ...{ 1: gzipSync(data), 2: Buffer.from(snappy.compress(data)), 3: Buffer.from(lz4.compress(data)) },
    4: zstdZeros(blocks),
  });
  for (const [number, data] of Object.entries(forms(zeros, 3))) {
    // The size of lz4 data is known only up to two of its blocks, which are 4 MiB here (64 KiB from Java).
    const roomy = number === '3' ? limit + 8 * 1024 * 1024 : limit;
    assert.deepEqual(await codecs(roomy)[Number(number)]?.().decompress(data), zeros);
  }
  for (const [number, data] of Object.entries(forms(Buffer.alloc(limit + 1), 4))) {
    await assert.rejects(codecs(limit)[Number(number)]?.().decompress(data) ?? Promise.resolve(), {
      retriable: false,
    });
  }
  assert.deepEqual(unzstdInJavaScript(zstdZeros(3), limit), zeros);
  assert.throws(() => unzstdInJavaScript(zstdZeros(4), limit), RangeError);
});

test('damaged data is refused, not guessed', async () => {
  const damaged = Buffer.from('this is no compressed batch');
  for (const number of [1, 2, 3, 4]) {
    await assert.rejects(codecs()[number]?.().decompress(damaged) ?? Promise.resolve(), { retriable: false });
  }
  assert.throws(() => unzstdInJavaScript(damaged, 1_000));
});

test('lz4 data that was cut off is refused, wherever it ends', async () => {
  const whole = Buffer.from(lz4.compress(Buffer.from('order äß '.repeat(20_000))));
  for (let end = 0; end < whole.length; end += 1)
    await assert.rejects(codecs()[3]?.().decompress(whole.subarray(0, end)) ?? Promise.resolve(), {
      retriable: false,
    });
});
