import { isDeepStrictEqual } from 'node:util';
import { DrainError } from '../../src/errors.js';
import type {
  DeadLetter,
  Rejection,
  Sink,
  Version,
  VersionOrder,
  WriteModel,
  WriteRejectionCode,
  WriteResult,
} from '../../src/mongodb/sink.js';
import type { SimulatedProcess } from './process.js';
import type { Random } from './random.js';

/** A stored document as far as the rules look at it. */
export interface StoredDocument {
  id: unknown;
  version: Version;
  deleted: boolean;
  /** Of a tombstone. */
  purgeAt: Date | null;
  /** As JSON. */
  fields: string;
}

/** Of a document that no drain wrote: older than any record. */
export const NO_VERSION: Version = { partition: '', offset: -1n, timestampMs: -1, epoch: 0 };

/** What the database keeps, shared by all processes. */
export interface FakeDatabase {
  documents: Map<string, StoredDocument>;
  deadLetters: Map<string, DeadLetter>;
}

export function createDatabase(): FakeDatabase {
  return { documents: new Map(), deadLetters: new Map() };
}

/** What may go wrong between the drain and MongoDB. */
export interface SinkPerils {
  /** A write is applied, its answer is lost, and it is sent again. */
  lostReply: number;
  /** A write is applied in part, and then MongoDB is away for longer than anybody waits. */
  outage: number;
  /** The dead letters' collection takes nothing. */
  refusedDeadLetters: number;
}

export interface FakeSinkOptions {
  /** `offset` unless told otherwise. */
  order?: VersionOrder;
  database: FakeDatabase;
  process: SimulatedProcess;
  random: Random;
  perils: SinkPerils;
  /** Why the server refuses the content, as a schema validator would; `null`: it doesn't. */
  refuses: (model: WriteModel) => WriteRejectionCode | null;
  /** Told of every write at the moment it takes effect. */
  onWrite: (idKey: string, before: StoredDocument | undefined, after: StoredDocument) => void;
  /** Told of every document that a hard delete removes. */
  onRemove: () => void;
}

/** `Sink` on a fake database: the guard holds per document, other processes may write between any two documents. */
export function createFakeSink(options: FakeSinkOptions): Sink {
  return {
    check: () => options.process.step(),
    write: (models, signal) => write(options, models, signal),
    writeDeadLetters: (letters, signal) => writeDeadLetters(options, letters, signal),
    close: () => Promise.resolve(),
  };
}

async function write(
  options: FakeSinkOptions,
  models: readonly WriteModel[],
  signal: AbortSignal,
): Promise<WriteResult> {
  const { process, random, perils } = options;
  const result: WriteResult = { inserted: 0, updated: 0, deleted: 0, unchanged: 0, rejected: [] };
  refuseRepeatedIds(models);
  const breakAt = random.chance(perils.outage) ? random.integer(0, models.length) : -1;
  for (const [index, model] of shuffled(models, random).entries()) {
    signal.throwIfAborted();
    await process.step();
    if (index === breakAt) throw unavailable();
    const outcome = apply(options, model);
    if (typeof outcome === 'object') result.rejected.push(outcome);
    else if (random.chance(perils.lostReply)) result[again(options, model)] += 1;
    else result[outcome] += 1;
  }
  await process.step();
  if (breakAt === models.length) throw unavailable();
  return result;
}

/** What a resend finds already applied counts as unchanged. */
function again(options: FakeSinkOptions, model: WriteModel): 'unchanged' {
  apply(options, model);
  return 'unchanged';
}

function refuseRepeatedIds(models: readonly WriteModel[]): void {
  if (new Set(models.map(({ idKey }) => idKey)).size < models.length) {
    throw new Error('one write holds the same document id twice');
  }
}

function unavailable(): DrainError {
  return new DrainError('MONGODB_UNAVAILABLE', 'no majority acknowledged the write');
}

type Applied = 'inserted' | 'updated' | 'deleted' | 'unchanged' | Rejection;

function apply(
  { order = 'offset', database, refuses, onWrite, onRemove }: FakeSinkOptions,
  model: WriteModel,
): Applied {
  const code = refuses(model);
  if (code !== null) return { model, code, reason: 'the server refused the document' };
  const before = database.documents.get(model.idKey);
  if (before !== undefined && !replaces(model, before, order)) return 'unchanged';
  if (isRemoval(model)) {
    if (!database.documents.delete(model.idKey)) return 'unchanged';
    onRemove();
    return 'deleted';
  }
  const after = toStored(model);
  if (isDeepStrictEqual(before, after)) return 'unchanged';
  database.documents.set(model.idKey, after);
  onWrite(model.idKey, before, after);
  if (after.deleted) return 'deleted';
  return before === undefined ? 'inserted' : 'updated';
}

function isRemoval(model: WriteModel): boolean {
  return model.kind === 'delete' && model.purgeAt === null;
}

function toStored(model: WriteModel): StoredDocument {
  const { id, version } = model;
  return model.kind === 'delete'
    ? { id, version, deleted: true, purgeAt: model.purgeAt, fields: '{}' }
    : { id, version, deleted: false, purgeAt: null, fields: JSON.stringify(model.fields) };
}

/**
 * The stored version gives way only to a newer one; where both are the same record, to what the record makes now, but not
 * a tombstone to itself. Written down once more, so that the drain's own rule isn't held against itself.
 */
function replaces(model: WriteModel, { version: stored }: StoredDocument, order: VersionOrder): boolean {
  const { version } = model;
  const inOnePartition = order === 'offset' && version.partition === stored.partition;
  const decisive: readonly (readonly [Comparable, Comparable])[] = [
    [version.epoch, stored.epoch],
    ...(order === 'declared' ? [[declaredOf(version), declaredOf(stored)] as const] : []),
    ...(inOnePartition ? [] : [[version.timestampMs, stored.timestampMs] as const]),
    [version.partition, stored.partition],
    [version.offset, stored.offset],
  ];
  const [ours, theirs] = decisive.find(([one, other]) => one !== other) ?? [0, 0];
  return ours === theirs ? isWrittenAgain(model) : ours > theirs;
}

type Comparable = bigint | number | string;

/** Numbers are enough for this sink. */
function declaredOf({ declared }: Version): Comparable {
  return typeof declared === 'bigint' ? declared : Number.NEGATIVE_INFINITY;
}

function isWrittenAgain(model: WriteModel): boolean {
  return model.kind === 'upsert' || model.purgeAt === null;
}

function shuffled<T>(values: readonly T[], random: Random): T[] {
  const rest = [...values];
  return values.map(() => {
    const [value] = rest.splice(random.integer(0, rest.length - 1), 1);
    if (value === undefined) throw new Error('nothing left');
    return value;
  });
}

async function writeDeadLetters(
  { database, process, random, perils }: FakeSinkOptions,
  letters: readonly DeadLetter[],
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  await process.step();
  if (random.chance(perils.refusedDeadLetters)) {
    throw new DrainError('MONGODB_UNAVAILABLE', 'the dead letters were not acknowledged');
  }
  for (const letter of letters) {
    if (!database.deadLetters.has(letter.id)) database.deadLetters.set(letter.id, letter);
    await process.step();
  }
}
