import type { Collection, Document, Filter, Binary, MongoClient } from 'mongodb';
import { Long } from 'mongodb';
import { ask } from './check.js';
import { COMMAND_TIME_LIMIT_MS, openClient, type Address } from './connection.js';
import type { DeadLetterStage } from './sink.js';

/** `open`: waits for somebody; `replayed`: its record went through later, by hand. Discarded ones are gone. */
export type DeadLetterState = 'open' | 'replayed';

/** Which dead letters are meant; what is `null` doesn't matter. */
export interface DeadLetterFilter {
  pipeline: string | null;
  ids: readonly string[] | null;
  topics: readonly string[] | null;
  state: DeadLetterState | null;
  code: string | null;
  stage: string | null;
  /** Dead-lettered at or after, and before. */
  since: Date | null;
  before: Date | null;
}

/** A dead letter without its bytes. */
export interface ListedDeadLetter {
  id: string;
  pipeline: string;
  topic: string;
  partition: number;
  offset: bigint;
  epoch: number;
  /** The record's own time; `null`: it has none. */
  timestamp: Date | null;
  state: DeadLetterState;
  stage: DeadLetterStage;
  code: string;
  reason: string;
  deadLetteredAt: Date;
  replayedAt: Date | null;
  run: { workflowId: string; runId: string };
  /** How many further documents hold its bytes. */
  parts: number;
}

/** A dead letter with its record's bytes. */
export interface StoredDeadLetter extends ListedDeadLetter {
  key: Buffer | null;
  value: Buffer | null;
  headers: { name: string; value: Buffer | null }[];
}

export interface DeadLetterCount {
  pipeline: string;
  state: DeadLetterState;
  code: string;
  count: number;
}

/** One collection of dead letters, for whoever handles them. All methods: `MONGODB_UNAVAILABLE`, `MONGODB_REFUSED`. */
export interface DeadLetterStore {
  /** By pipeline, state and code. */
  count: (filter: DeadLetterFilter) => Promise<DeadLetterCount[]>;
  /** Newest first. */
  list: (filter: DeadLetterFilter, limit: number) => Promise<ListedDeadLetter[]>;
  /** The topics of their records, sorted. */
  topics: (filter: DeadLetterFilter) => Promise<string[]>;
  /** In the order of their records, so that the older of two versions of an id comes first. */
  each: (filter: DeadLetterFilter) => AsyncIterable<StoredDeadLetter>;
  markReplayed: (ids: readonly string[], at: Date) => Promise<void>;
  /** Removes them for good; returns how many there were. */
  discard: (filter: DeadLetterFilter) => Promise<number>;
  close: () => Promise<void>;
}

export interface StoreOptions extends Address {
  database: string;
  collection: string;
}

/** How many dead letters are removed by one command. */
const DISCARD_SLICE = 1_000;

/** Opens the dead letters of one collection. Error: `CONFIG_INVALID` for an unusable URI. */
export function openDeadLetters({ database, collection: name, ...address }: StoreOptions): DeadLetterStore {
  const client = openClient(address);
  const collection = client.db(database).collection<Stored>(name);
  const namespace = `${database}.${name}`;
  return {
    count: (filter) => ask(client, namespace, 'find', () => countsOf(collection, filter)),
    list: (filter, limit) =>
      ask(client, namespace, 'find', async () => {
        const options = { sort: { deadLetteredAt: -1 }, limit, projection: WITHOUT_BYTES } as const;
        const found = await collection.find(toQuery(filter), options).toArray();
        return found.map(toListed);
      }),
    topics: (filter) =>
      ask(client, namespace, 'find', async () => {
        const found = await collection.distinct('topic', toQuery(filter));
        return found.map(String).sort();
      }),
    each: (filter) => each(client, collection, filter),
    markReplayed: async (ids, replayedAt) => {
      const update = { $set: { state: 'replayed' as const, replayedAt } };
      await ask(client, namespace, 'update', () => collection.updateMany({ _id: { $in: [...ids] } }, update));
    },
    discard: (filter) => ask(client, namespace, 'remove', () => discard(collection, filter)),
    close: () => client.close(),
  };
}

type Stored = Document & { _id: string };

const WITHOUT_BYTES = { key: 0, value: 0, headers: 0 };
const IN_LOG_ORDER = { topic: 1, partition: 1, offset: 1 } as const;

function toQuery({ pipeline, since, before, ...filter }: DeadLetterFilter): Filter<Stored> {
  const { ids, topics, state, code, stage } = filter;
  // The parts of large ones have no pipeline.
  const query: Document = { pipeline: pipeline === null ? { $exists: true } : { $eq: pipeline } };
  if (ids !== null) query['_id'] = { $in: [...ids] };
  if (topics !== null) query['topic'] = { $in: [...topics] };
  if (state !== null) query['state'] = { $eq: state };
  if (code !== null) query['code'] = { $eq: code };
  if (stage !== null) query['stage'] = { $eq: stage };
  const at = { ...(since !== null && { $gte: since }), ...(before !== null && { $lt: before }) };
  if (Object.keys(at).length > 0) query['deadLetteredAt'] = at;
  return query;
}

async function countsOf(
  collection: Collection<Stored>,
  filter: DeadLetterFilter,
): Promise<DeadLetterCount[]> {
  const group = { _id: { pipeline: '$pipeline', state: '$state', code: '$code' }, count: { $sum: 1 } };
  const stages = [{ $match: toQuery(filter) }, { $group: group }, { $sort: { _id: 1 } }];
  const groups = await collection
    .aggregate<{ _id: Omit<DeadLetterCount, 'count'>; count: number }>(stages)
    .toArray();
  return groups.map(({ _id, count }) => ({ ..._id, count }));
}

async function* each(
  client: MongoClient,
  collection: Collection<Stored>,
  filter: DeadLetterFilter,
): AsyncGenerator<StoredDeadLetter> {
  const { namespace } = collection;
  const cursor = collection.find(toQuery(filter), { sort: IN_LOG_ORDER, batchSize: 100, allowDiskUse: true });
  try {
    for (;;) {
      const found = await ask(client, namespace, 'find', () => cursor.next());
      if (found === null) return;
      yield await ask(client, namespace, 'find', () => withBytes(collection, found));
    }
  } finally {
    await cursor.close();
  }
}

async function withBytes(collection: Collection<Stored>, stored: Stored): Promise<StoredDeadLetter> {
  const listed = toListed(stored);
  if (listed.parts > 0) return { ...listed, ...(await joinParts(collection, listed)) };
  const headers = (stored['headers'] as { name: string; value: Binary | null }[]).map(({ name, value }) => ({
    name,
    value: toBuffer(value),
  }));
  return {
    ...listed,
    key: toBuffer(stored['key'] as Binary | null),
    value: toBuffer(stored['value'] as Binary | null),
    headers,
  };
}

/** See `toDeadLetterDocuments`. */
async function joinParts(
  collection: Collection<Stored>,
  { id, parts }: ListedDeadLetter,
): Promise<Pick<StoredDeadLetter, 'key' | 'value' | 'headers'>> {
  const pieces: Record<string, Buffer[]> = {};
  for (let part = 1; part <= parts; part += 1) {
    const found = await collection.findOne({ _id: `${id}#${String(part)}` });
    if (found === null) throw new Error(`part ${String(part)} of dead letter ${id} is missing`);
    (pieces[String(found['field'])] ??= []).push(toBuffer(found['bytes'] as Binary));
  }
  const joined = (field: string) => (pieces[field] === undefined ? null : Buffer.concat(pieces[field]));
  const headers = joined('headers')?.toString() ?? '[]';
  return {
    key: joined('key'),
    value: joined('value'),
    headers: (JSON.parse(headers) as [string, string | null][]).map(([name, value]) => ({
      name,
      value: value === null ? null : Buffer.from(value, 'base64'),
    })),
  };
}

function toBuffer(bytes: Binary): Buffer;
function toBuffer(bytes: Binary | null): Buffer | null;
function toBuffer(bytes: Binary | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes.value());
}

function toListed({ _id, offset, ...stored }: Stored): ListedDeadLetter {
  return {
    ...(stored as unknown as Omit<ListedDeadLetter, 'id' | 'offset'>),
    id: _id,
    offset: Long.isLong(offset) ? offset.toBigInt() : BigInt(offset as number),
    replayedAt: (stored['replayedAt'] as Date | undefined) ?? null,
    parts: (stored['parts'] as number | undefined) ?? 0,
  };
}

/** The parts of large ones after their own documents, so that none is there without its bytes. */
async function discard(collection: Collection<Stored>, filter: DeadLetterFilter): Promise<number> {
  let discarded = 0;
  for (;;) {
    const options = {
      projection: { _id: 1, parts: 1 },
      limit: DISCARD_SLICE,
      maxTimeMS: COMMAND_TIME_LIMIT_MS,
    };
    const found = await collection.find(toQuery(filter), options).toArray();
    if (found.length === 0) return discarded;
    const { deletedCount } = await collection.deleteMany({ _id: { $in: found.map(({ _id }) => _id) } });
    discarded += deletedCount;
    const parts = found.flatMap(({ _id, ...rest }) =>
      Array.from(
        { length: (rest as { parts?: number }).parts ?? 0 },
        (_, index) => `${_id}#${String(index + 1)}`,
      ),
    );
    if (parts.length > 0) await collection.deleteMany({ _id: { $in: parts } });
  }
}
