/** Values that become operations twice: parsed, and transcoded. */
import assert from 'node:assert/strict';
import type { PipelineSettings } from '../../src/config/settings.js';
import { createToOperation, type Operation } from '../../src/drain/operation.js';
import { isItem, prepare } from '../../src/mongodb/documents.js';
import { createTranscoder } from '../../src/mongodb/json-to-bson.js';
import { toInserts } from '../../src/mongodb/raw-documents.js';
import { RawUpsert } from '../../src/mongodb/raw-upsert.js';
import { amongOthers } from './among-others.js';
import { pipeline, record } from './builders.js';

export const PURGE_AT = new Date(Date.UTC(2026, 0, 8));

type Turn = (value: Buffer) => Operation;

/** The step record → operation, once with everything parsed, once with the transcoder. */
export function turns(rules: Partial<PipelineSettings> = {}): {
  parsed: Turn;
  alone: Turn;
  transcoded: Turn;
} {
  const settings = pipeline(rules);
  const largeIntegers = settings.largeIntegers === 'long' ? 'long' : 'double';
  const transcoder = createTranscoder(settings.recordLimits, { largeIntegers });
  const parse = createToOperation(settings, PURGE_AT);
  const transcode = createToOperation(settings, PURGE_AT, { transcoder });
  const turn = (step: typeof transcode, recordOf: typeof record) => (value: Buffer) => {
    const operation = step(recordOf({ value, timestampMs: 1_790_000_000_123 }));
    assert.ok(!(operation instanceof Promise));
    return operation;
  };
  const among = turn(transcode, amongOthers);
  const alone = turn(transcode, record);
  return { parsed: turn(parse, record), alone, transcoded: among };
}

/** What would be sent for it, or why it can't be. */
export function outcomeOf(operation: Operation): string {
  if (operation.kind !== 'write') return operation.kind === 'bad' ? operation.code : operation.kind;
  const item = prepare(operation.model);
  return isItem(item) ? Buffer.from(toInserts([item]).toBin()).toString('hex') : item.code;
}

export function isRaw(operation: Operation): boolean {
  return operation.kind === 'write' && operation.model instanceof RawUpsert;
}

/** Whether it was transcoded. */
export function assertSame({ parsed, alone, transcoded }: ReturnType<typeof turns>, value: Buffer): boolean {
  const operation = transcoded(value);
  const expected = outcomeOf(parsed(value));
  // not `equal`: to tell how two outcomes of megabytes differ takes longer than anybody waits
  assert.ok(outcomeOf(operation) === expected, value.toString('latin1').slice(0, 400));
  assert.ok(outcomeOf(alone(value)) === expected, value.toString('latin1').slice(0, 400));
  return isRaw(operation);
}
