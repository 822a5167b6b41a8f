import { BSON } from 'mongodb';
import { arrayOf } from '../../src/mongodb/bson-elements.js';
import type { DeadLetterFilter } from '../../src/mongodb/dead-letter-store.js';
import type { RawFields } from '../../src/mongodb/json-to-bson.js';
import { rawUpsertOf, type RawUpsert } from '../../src/mongodb/raw-upsert.js';
import type { DeadLetter, DeleteModel, UpsertModel, Version } from '../../src/mongodb/sink.js';

/** 2026-01-01; timestamps of the builders are this plus the offset, in milliseconds. */
export const BASE_TIME = Date.UTC(2026, 0, 1);

export function version(overrides: Partial<Version> = {}): Version {
  const offset = overrides.offset ?? 1n;
  const timestampMs = BASE_TIME + Number(offset);
  return { partition: 'orders-0', offset, timestampMs, epoch: 1, ...overrides };
}

export interface ModelOverrides extends Partial<Version> {
  id?: unknown;
}

/** An upsert; `offset`, `partition`, `timestampMs` and `epoch` go to its version. */
export function upsert(overrides: ModelOverrides = {}, fields?: UpsertModel['fields']): UpsertModel {
  const { id = 'o-1', ...rest } = overrides;
  const given = version(rest);
  const body = fields ?? { status: `at ${given.partition} ${given.offset}` };
  return { kind: 'upsert', id, idKey: idKeyOf(id), version: given, fields: body };
}

/** All fields of a document of BSON. */
export function rawFieldsOf(document: Buffer): RawFields {
  return { buffer: document, from: 4, end: document.length - 1 };
}

/** An upsert as a record becomes one whose id, of ASCII, stays among its bytes. */
export function rawUpsertInPlace(id: string, fields: RawFields, offset = 1n): RawUpsert {
  const { partition, epoch, ...place } = version({ offset });
  const key = { buffer: Buffer.from(`xx${id}yy`), keyAt: 2, keyBytes: id.length };
  return rawUpsertOf({ id: key, partition, epoch, place, declared: undefined, fields });
}

/** The same upsert with fields that are BSON. */
export function rawUpsert({ id, idKey, version }: UpsertModel, fields: RawFields): RawUpsert {
  const { partition, epoch, declared } = version;
  return rawUpsertOf({ id: { id, idKey }, partition, epoch, place: version, declared, fields });
}

export function tombstone(overrides: ModelOverrides & { purgeAt?: Date | null } = {}): DeleteModel {
  const { id = 'o-1', purgeAt = new Date(BASE_TIME + 7 * 86_400_000), ...rest } = overrides;
  return { kind: 'delete', id, idKey: idKeyOf(id), version: version(rest), purgeAt };
}

function idKeyOf(id: unknown): string {
  if (id instanceof Uint8Array) return `bytes:${Buffer.from(id).toString('hex')}`;
  const isComposite = typeof id === 'object' && id !== null && Object.getPrototypeOf(id) === Object.prototype;
  return isComposite
    ? `{${Object.entries(id)
        .map(([name, part]) => `${name}:${idKeyOf(part)}`)
        .join()}}`
    : `${typeof id}:${String(id)}`;
}

export function deadLetter(overrides: Partial<DeadLetter> = {}): DeadLetter {
  const { partition = 3, offset = 17n } = overrides;
  return {
    id: `drain-orders|orders-${partition}@1|${offset}`,
    pipeline: 'orders',
    topic: 'orders',
    partition,
    offset,
    timestampMs: BASE_TIME,
    epoch: 1,
    stage: 'decode',
    code: 'NOT_JSON',
    reason: 'the value is not valid JSON',
    run: { workflowId: 'drain/orders-2026-01-01T00:00:00Z', runId: 'run-1' },
    key: Buffer.from('o-1'),
    value: Buffer.from([0x7b, 0xff, 0x00]),
    headers: [
      { name: 'trace', value: Buffer.from([1, 2, 3]) },
      { name: 'empty', value: null },
    ],
    ...overrides,
  };
}

/** The reply to a find that finds these. */
export function replyOf(documents: readonly object[]): { documents: Buffer } {
  return { documents: arrayOf(documents.map((document) => BSON.serialize(document))) };
}

/** Reproducible numbers in [0, 1): mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Chooses every dead letter. */
export const ALL_LETTERS: DeadLetterFilter = {
  ...{ pipeline: null, ids: null, topics: null, state: null },
  ...{ code: null, stage: null, since: null, before: null },
};
