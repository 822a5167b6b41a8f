import { compareVersions } from '../../src/mongodb/version-order.js';
import { BSON } from 'mongodb';
import { documentOf } from '../../src/mongodb/bson-elements.js';
import { RawUpsert } from '../../src/mongodb/raw-upsert.js';
import type {
  DeadLetter,
  Sink,
  UpsertModel,
  Version,
  WriteModel,
  WriteResult,
} from '../../src/mongodb/sink.js';

/** A sink in memory that keeps the newest version, refuses what it is told to, and remembers in which order it was called. */
export interface FakeSink extends Sink {
  /** By id key. */
  stored: Map<unknown, WriteModel>;
  letters: DeadLetter[];
  calls: string[];
}

export interface FakeSinkOptions {
  /** Offsets whose content the sink refuses. */
  refuses?: readonly bigint[];
  /** Called before a dead letter or document is stored. */
  before?: (call: string) => void;
}

export function createFakeSink({ refuses = [], before = () => undefined }: FakeSinkOptions = {}): FakeSink {
  const stored = new Map<unknown, WriteModel>();
  const letters: DeadLetter[] = [];
  const calls: string[] = [];
  const called = (call: string) => {
    calls.push(call);
    before(call);
  };
  return {
    stored,
    letters,
    calls,
    check: () => Promise.resolve(),
    write: (models) => {
      called(`documents ${offsetsOf(models.map(({ version }) => version))}`);
      const result: WriteResult = { inserted: 0, updated: 0, deleted: 0, unchanged: 0, rejected: [] };
      for (const model of models) {
        if (refuses.includes(model.version.offset)) {
          result.rejected.push({ model, code: 'VALIDATION_FAILED', reason: 'refused' });
        } else result[store(stored, model)] += 1;
      }
      return Promise.resolve(result);
    },
    writeDeadLetters: (given) => {
      called(`dead letters ${offsetsOf(given)}`);
      letters.push(...given.filter(({ id }) => letters.every((known) => known.id !== id)));
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}

function offsetsOf(all: readonly Pick<Version, 'offset'>[]): string {
  return all.map(({ offset }) => String(offset)).join(',');
}

type Outcome = 'inserted' | 'updated' | 'deleted' | 'unchanged';

function store(stored: Map<unknown, WriteModel>, model: WriteModel): Outcome {
  const known = stored.get(model.idKey);
  if (known !== undefined && compareVersions(model.version, known.version) <= 0) return 'unchanged';
  if (model.kind === 'delete' && model.purgeAt === null)
    return stored.delete(model.idKey) ? 'deleted' : 'unchanged';
  stored.set(model.idKey, copyOf(model));
  if (model.kind === 'delete') return 'deleted';
  return known === undefined ? 'inserted' : 'updated';
}

/** What a model is made of is used again when its batch is handled. */
function copyOf(model: WriteModel): WriteModel {
  const { id, idKey } = model;
  const { partition, offset, timestampMs, epoch, declared } = model.version;
  const version = { partition, offset, timestampMs, epoch, declared };
  return model.kind === 'delete'
    ? { kind: model.kind, id, idKey, version, purgeAt: model.purgeAt }
    : { kind: model.kind, id, idKey, version, fields: fieldsOf(model) };
}

function fieldsOf(model: UpsertModel): UpsertModel['fields'] {
  if (!(model instanceof RawUpsert)) return model.fields;
  const elements = model.buffer.subarray(model.from, model.end);
  return BSON.deserialize(documentOf([elements]));
}
