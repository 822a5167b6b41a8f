import assert from 'node:assert/strict';
import type { PipelineSettings } from '../../src/config/settings.js';
import { balances } from '../../src/drain/books.js';
import { createToOperation } from '../../src/drain/operation.js';
import { createWriteBatch, type BatchLimits, type BatchWritten } from '../../src/drain/write-batch.js';
import type { KafkaRecord } from '../../src/kafka/source.js';
import { createTranscoder } from '../../src/mongodb/json-to-bson.js';
import type { Sink } from '../../src/mongodb/sink.js';
import { amongOthers } from './among-others.js';
import { NOW, pipeline } from './builders.js';
import type { FakeSink } from './fake-sink.js';

export const RUN = { workflowId: 'drain/orders-2026-01-02', runId: 'run-1' };
export const TOLERATE_NONE = {
  deadLetters: { collection: 'orders.dead_letters', tolerate: 'none' as const, expireAfterMs: null },
};
const signal = new AbortController().signal;
/** As the product has it: values that nobody looks into come to the sink as BSON. */
const TRANSCODER = createTranscoder(pipeline().recordLimits, { largeIntegers: 'double' });

/** Short for records: `a1` id a at offset 1, `a2-` its tombstone at 2, `a3!` one at 3 whose value is broken. */
export function recordsOf(text: string): KafkaRecord[] {
  return text.split(' ').map((word) => {
    const [, id = '', offset = '', kind = ''] = /^([a-z])(\d+)([-!]?)$/.exec(word) ?? [];
    const value = kind === '-' ? null : kind === '!' ? '{broken' : `{"at":${offset}}`;
    return amongOthers({ key: id, offset: BigInt(offset), value });
  });
}

/** One batch through the step under test. */
export function write(
  sink: Sink,
  records: string | KafkaRecord[],
  rules: Partial<PipelineSettings> = {},
  limits?: BatchLimits,
) {
  const settings = pipeline(rules);
  const toOperation = createToOperation(settings, NOW, { transcoder: TRANSCODER });
  const writeBatch = createWriteBatch({ sink, toOperation, pipeline: settings, run: RUN });
  return writeBatch(typeof records === 'string' ? recordsOf(records) : records, signal, limits);
}

/** `a5 b6-`: what is stored under each id. */
export function stored(sink: FakeSink): string {
  const all = [...sink.stored.values()].map(
    ({ id, version, kind }) => `${String(id)}${String(version.offset)}${kind === 'delete' ? '-' : ''}`,
  );
  return all.sort().join(' ');
}

/** Every outcome that isn't 0. */
export function outcomes({ handled, books: { counts } }: BatchWritten): Record<string, number> {
  assert.ok(balances(counts), 'the books balance');
  assert.equal(counts.read, handled);
  return Object.fromEntries(Object.entries(counts).filter(([name, count]) => name !== 'read' && count > 0));
}
