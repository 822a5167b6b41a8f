import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import lz4 from 'lz4js';
import snappy from 'snappyjs';
import { registerCodecs } from '../../src/kafka/codecs.js';
import { patchedKafkaJs } from '../../src/kafka/patched-kafkajs.js';
import { unzstdInJavaScript } from '../../src/kafka/zstd.js';
import { runKafkaTool, temporaryFolder } from '../support/stack.js';
import { openBroker, type Broker } from './broker.js';
import { fromStart, startConsuming } from './consuming.js';

type Codecs = Record<number, () => { decompress: (data: Buffer) => Promise<Buffer> }>;

function codecs(maxBytes?: number): Codecs {
  const registry = { CompressionCodecs: {} };
  registerCodecs(registry, maxBytes);
  return registry.CompressionCodecs;
}

/** For a window of 2 MiB. */
const WINDOW_2_MIB = 0x58;

/** A zstd frame of zeros, by hand: the window, and blocks that each say "100,000 times this byte". */
function zstdZeros(blocks: number, window = WINDOW_2_MIB): Buffer {
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, window]);
  const body = Array.from({ length: blocks }, (_, index) => {
    const block = Buffer.alloc(4);
    block.writeUIntLE((100_000 << 3) | (1 << 1) | (index === blocks - 1 ? 1 : 0), 0, 3);
    return block;
  });
  return Buffer.concat([header, ...body]);
}

/** As Java frames it: a header, and each block with its length. */
function xerial(...blocks: readonly Buffer[]): Buffer {
  const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
  const framed = blocks.flatMap((block) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.length);
    return [length, block];
  });
  return Buffer.concat([header, ...framed]);
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

/** The lines of `text` as the zstd tool compresses them: a compressed block, no checksum. */
const ZSTD_TEXT = Buffer.from(
  'KLUv/QBoXQQAsgYUFNA9gLqwTErna4FaIZEppZSohTgBQ3h49+Z19fTRInx7c29rZw8R+L2Zl5WTh9jwvs27urlDhPfmVU0dIrw3' +
    '70mGAaKgvAgjcEgBkqCh01Y8qBFw9sbeAdBTiwERKAQIwUFcxA/lm0OoFjDAvKCONuyEPFH3tBd1Zads4/wLRx8sWsiqNoBUAQ==',
  'base64',
);
const text = Array.from({ length: 60 }, (_, id) => `order ${id}: ${id % 3 === 0 ? 'new äß' : 'paid'}; `).join(
  '',
);

test('data that was cut off is refused, wherever it ends', async () => {
  const plain = Buffer.from(text);
  const block = Buffer.from(snappy.compress(plain));
  const forms: readonly (readonly [codec: number, whole: Buffer])[] = [
    [1, gzipSync(plain)],
    [2, block],
    [2, xerial(block)],
    [3, Buffer.from(lz4.compress(plain))],
    [4, ZSTD_TEXT],
  ];
  for (const [codec, whole] of forms) {
    const { decompress } = codecs()[codec]?.() ?? assert.fail();
    assert.deepEqual(await decompress(whole), plain);
    // Java's header of snappy alone is whole: it has no blocks
    for (let end = codec === 2 ? 17 : 1; end < whole.length; end += 1)
      await assert.rejects(decompress(whole.subarray(0, end)), { retriable: false }, `${codec} to ${end}`);
  }
});

test('several blocks of snappy follow each other, and lengths that lead back are refused', async () => {
  const { decompress } = codecs()[2]?.() ?? assert.fail();
  const parts = [Buffer.from(text), Buffer.from('äß')];
  const blocks = parts.map((part) => Buffer.from(snappy.compress(part)));
  assert.deepEqual(await decompress(xerial(...blocks)), Buffer.concat(parts));
  const literalOfMinus15 = Buffer.from([0x04, 0xfc, 0xf0, 0xff, 0xff, 0xff]);
  await assert.rejects(decompress(literalOfMinus15), { retriable: false });
  const blockOfMinus4 = Buffer.concat([xerial(), Buffer.from([0xff, 0xff, 0xff, 0xfc])]);
  await assert.rejects(decompress(blockOfMinus4), { retriable: false });
});

test('a zstd header of a few bytes gets no more memory or time than its content needs', () => {
  const [window128Mib, windowAbove, window1900Mib] = [0x88, 0x89, 0xa7];
  const limit = 256 * 1024 * 1024;
  assert.deepEqual(unzstdInJavaScript(zstdZeros(2, window128Mib), limit), Buffer.alloc(200_000));
  for (const window of [windowAbove, window1900Mib])
    assert.throws(
      () => unzstdInJavaScript(zstdZeros(2, window), limit),
      /window of more than 134217728 bytes/,
    );
  assert.throws(() => unzstdInJavaScript(zstdZeros(2_000, window128Mib), limit), /too many blocks/);
});

test('frames of zstd may follow each other, with others between them that are skipped', () => {
  const skipped = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  const read = unzstdInJavaScript(Buffer.concat([ZSTD_TEXT, skipped, ZSTD_TEXT]), 100_000);
  assert.equal(Buffer.from(read).toString(), text + text);
});

test('lz4 with a checksum of each block, which no client of Kafka writes, is refused', async () => {
  const framed = Buffer.from(lz4.compress(Buffer.from('x'.repeat(1_000))));
  framed[4] = (framed[4] ?? 0) | 0x10;
  await assert.rejects(Promise.resolve(codecs()[3]?.().decompress(framed)), /checksum of each block/);
});
