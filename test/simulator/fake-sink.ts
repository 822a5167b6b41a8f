import { DrainError } from '../../src/errors.js';
import type {
  DeadLetter,
  Rejection,
  Sink,
  Version,
  WriteModel,
  WriteResult,
} from '../../src/mongodb/sink.js';
import type { SimulatedProcess } from './process.js';
import type { Random } from './random.js';

/** A stored document as far as the rules look at it. */
export interface StoredDocument {
  version: Version;
  deleted: boolean;
  fields: string;
}

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
  database: FakeDatabase;
  process: SimulatedProcess;
  random: Random;
  perils: SinkPerils;
  /** Whether the server refuses the content, as a schema validator would. */
  refuses: (model: WriteModel) => boolean;
  /** Told of every write at the moment it takes effect. */
  onWrite: (idKey: string, before: StoredDocument | undefined, after: StoredDocument) => void;
}

/** `Sink` on a fake database: the guard holds per document, other processes may write between any two documents. */
export function createFakeSink(options: FakeSinkOptions): Sink {
  return {
    check: () => options.process.step(),
    write: (models) => write(options, models),
    writeDeadLetters: (letters) => writeDeadLetters(options, letters),
    close: () => Promise.resolve(),
  };
}

async function write(options: FakeSinkOptions, models: readonly WriteModel[]): Promise<WriteResult> {
  const { process, random, perils } = options;
  const result: WriteResult = { inserted: 0, updated: 0, deleted: 0, unchanged: 0, rejected: [] };
  refuseRepeatedIds(models);
  const breakAt = random.chance(perils.outage) ? random.integer(0, models.length) : -1;
  for (const [index, model] of shuffled(models, random).entries()) {
    await process.step();
    if (index === breakAt) throw unavailable();
    const outcome = apply(options, model);
    if (outcome === 'rejected') result.rejected.push(rejectionOf(model));
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

function rejectionOf(model: WriteModel): Rejection {
  return { model, code: 'VALIDATION_FAILED', reason: 'the validator refused the document' };
}

type Applied = 'inserted' | 'updated' | 'deleted' | 'unchanged' | 'rejected';

function apply({ database, refuses, onWrite }: FakeSinkOptions, model: WriteModel): Applied {
  if (refuses(model)) return 'rejected';
  const before = database.documents.get(model.idKey);
  if (before !== undefined && !replaces(model, before)) return 'unchanged';
  const deleted = model.kind === 'delete';
  const fields = model.kind === 'delete' ? '' : JSON.stringify(model.fields);
  const after = { version: model.version, deleted, fields };
  database.documents.set(model.idKey, after);
  onWrite(model.idKey, before, after);
  if (deleted) return 'deleted';
  return before === undefined ? 'inserted' : 'updated';
}

/** The stored version gives way only to a newer one; in the simulation an id stays in its partition. */
function replaces({ version }: WriteModel, before: StoredDocument): boolean {
  return version.offset > before.version.offset;
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
): Promise<void> {
  await process.step();
  if (random.chance(perils.refusedDeadLetters)) {
    throw new DrainError('MONGODB_UNAVAILABLE', 'the dead letters were not acknowledged');
  }
  for (const letter of letters) {
    if (!database.deadLetters.has(letter.id)) database.deadLetters.set(letter.id, letter);
    await process.step();
  }
}
