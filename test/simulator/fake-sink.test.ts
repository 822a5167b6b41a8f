import { describeSinkContract, type SinkUnderTest, type Stored } from '../contract/sink-contract.js';
import { describeSinkVersionsContract } from '../contract/sink-versions-contract.js';
import type { DeadLetter, Sink, VersionOrder, WriteModel } from '../../src/mongodb/sink.js';
import {
  createDatabase,
  createFakeSink,
  NO_VERSION,
  type FakeDatabase,
  type StoredDocument,
} from './fake-sink.js';
import { createProcess } from './process.js';
import { createRandom } from './random.js';
import { createTime } from './time.js';

/** The simulator's sink without perils, on a time that passes while it is asked something. */
function open(order: VersionOrder = 'offset'): Promise<SinkUnderTest> {
  const time = createTime();
  const random = createRandom(1);
  const database = createDatabase();
  const fake = createFakeSink({
    order,
    database,
    process: createProcess(time, random, { kill: 0, freeze: 0 }),
    random,
    perils: { lostReply: 0, outage: 0, refusedDeadLetters: 0 },
    refuses: (model) => (hasUnstorableName(model) ? 'NOT_STORABLE' : null),
    onWrite: () => undefined,
    onRemove: () => undefined,
  });
  const sink: Sink = {
    ...fake,
    write: (models, signal) => time.until(fake.write(models, signal)),
    writeDeadLetters: (letters, signal) => time.until(fake.writeDeadLetters(letters, signal)),
  };
  return Promise.resolve({
    sink,
    documents: () => Promise.resolve([...database.documents.values()].map(documentOf)),
    deadLetters: () => Promise.resolve([...database.deadLetters.values()].map(storedLetterOf)),
    plant: (document) => {
      plant(database, document);
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

function hasUnstorableName(model: WriteModel): boolean {
  return model.kind === 'upsert' && Object.keys(model.fields).some((name) => name.includes('\0'));
}

function plant({ documents }: FakeDatabase, { _id: id, ...fields }: Stored): void {
  documents.set(`string:${String(id)}`, {
    ...{ id, version: NO_VERSION, deleted: false, purgeAt: null },
    fields: JSON.stringify(fields),
  });
}

/** As MongoDB would show it. */
function documentOf({ id, version, deleted, purgeAt, fields }: StoredDocument): Stored {
  const { partition, offset, timestampMs, epoch, declared } = version;
  const timestamp = timestampMs < 0 ? null : new Date(timestampMs);
  const _kafka = {
    ...{ partition, offset, timestamp },
    ...(epoch > 1 && { epoch }),
    ...(declared !== undefined && { version: declared }),
    ...(deleted && { deleted, purgeAt }),
  };
  return { _id: id, ...(JSON.parse(fields) as Stored), ...(version !== NO_VERSION && { _kafka }) };
}

function storedLetterOf({ id, timestampMs, ...letter }: DeadLetter): Stored {
  return { _id: id, ...letter, timestamp: new Date(timestampMs) };
}

describeSinkContract("the simulator's sink", open);
describeSinkVersionsContract("the simulator's sink", open);
