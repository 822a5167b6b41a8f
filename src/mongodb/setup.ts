import type { Db, Document } from 'mongodb';
import { liveViewOf } from '../config/collections.js';
import { ask } from './check.js';
import { WRITE_CONCERN, openClient, type Address } from './connection.js';

/** Where a pipeline writes. */
export interface SetupTarget extends Address {
  database: string;
  collections: readonly string[];
  deadLetterCollection: string;
  /** Whether deletes leave markers: only then something must hide and purge them. */
  tombstones: boolean;
  /** How long dead letters are kept; `null`: for ever. */
  deadLettersExpireAfterMs: number | null;
}

/** An index or view that operating a drained collection needs. */
export interface SetupItem {
  kind: 'index' | 'view';
  /** Namespace of the view, or of the collection followed by the index: `shop.orders: kafka_drain_purge`. */
  name: string;
  /** What it is good for, for people. */
  purpose: string;
  /** `different`: something else has its name; it is left alone. */
  state: 'present' | 'missing' | 'different';
}

/** What `setupCollection` did about an item. */
export type SetupOutcome = Omit<SetupItem, 'state'> & { outcome: 'created' | 'left' | 'different' };

interface Wanted extends Omit<SetupItem, 'state'> {
  collection: string;
  definition: Document;
}

function wantedFor(target: SetupTarget): Wanted[] {
  return [
    ...target.collections.flatMap((name) => wantedForDocuments(target, name)),
    ...wantedForLetters(target),
  ];
}

function index({ database }: SetupTarget, on: string, definition: Document, purpose: string): Wanted {
  const name = `${database}.${on}: ${String(definition['name'])}`;
  return { kind: 'index', name, purpose, collection: on, definition };
}

function wantedForDocuments(target: SetupTarget, collection: string): Wanted[] {
  const purge = {
    name: 'kafka_drain_purge',
    key: { '_kafka.purgeAt': 1 },
    expireAfterSeconds: 0,
    partialFilterExpression: { '_kafka.deleted': true },
  };
  if (!target.tombstones) return [];
  const view = liveViewOf(collection);
  return [
    index(target, collection, purge, 'purges tombstones after their window'),
    {
      kind: 'view',
      name: `${target.database}.${view}`,
      purpose: 'the documents without tombstones',
      collection: view,
      definition: { viewOn: collection, pipeline: [{ $match: { '_kafka.deleted': { $ne: true } } }] },
    },
  ];
}

function wantedForLetters(target: SetupTarget): Wanted[] {
  const { deadLetterCollection: letters, deadLettersExpireAfterMs: expireAfterMs } = target;
  const byRecord = { name: 'kafka_drain_record', key: { topic: 1, partition: 1, offset: 1 } };
  const byState = { name: 'kafka_drain_state', key: { pipeline: 1, state: 1, code: 1, deadLetteredAt: 1 } };
  const byTime = { name: 'kafka_drain_time', key: { pipeline: 1, deadLetteredAt: 1 } };
  const wanted = [
    index(target, letters, byRecord, 'finds the dead letter of a record'),
    index(target, letters, byTime, 'lists the dead letters of a pipeline by time'),
    index(target, letters, byState, 'counts the dead letters of a pipeline by state and code'),
  ];
  if (expireAfterMs === null) return wanted;
  const expiry = {
    name: 'kafka_drain_expiry',
    key: { deadLetteredAt: 1 },
    expireAfterSeconds: Math.ceil(expireAfterMs / 1000),
  };
  return [...wanted, index(target, letters, expiry, 'removes dead letters after their time')];
}

/** Says what is there and what is missing; changes nothing. Errors: `MONGODB_UNAVAILABLE`, `MONGODB_REFUSED`, `CONFIG_INVALID`. */
export async function inspectSetup(target: SetupTarget): Promise<SetupItem[]> {
  return withDatabase(target, async (db) => {
    const items: SetupItem[] = [];
    for (const wanted of wantedFor(target)) items.push(toItem(wanted, await stateOf(db, wanted)));
    return items;
  });
}

/**
 * Creates the indexes and the view that are missing; what is there is left as it is. Needs the actions `createIndex` and
 * `createCollection` beside those for looking (`listIndexes`, `listCollections`). May be repeated. Errors as `inspectSetup`.
 */
export async function setupCollection(target: SetupTarget): Promise<SetupOutcome[]> {
  return withDatabase(target, async (db) => {
    const outcomes: SetupOutcome[] = [];
    for (const wanted of wantedFor(target)) {
      const { state, ...item } = toItem(wanted, await stateOf(db, wanted));
      if (state === 'missing') await create(db, wanted);
      const outcome = state === 'missing' ? 'created' : state === 'present' ? 'left' : 'different';
      outcomes.push({ ...item, outcome });
    }
    return outcomes;
  });
}

function toItem({ kind, name, purpose }: Wanted, state: SetupItem['state']): SetupItem {
  return { kind, name, purpose, state };
}

async function stateOf(db: Db, wanted: Wanted): Promise<SetupItem['state']> {
  const found = wanted.kind === 'index' ? await findIndex(db, wanted) : await findView(db, wanted);
  if (found === undefined) return 'missing';
  return isDefinedAs(found, wanted.definition) ? 'present' : 'different';
}

/** By its keys, under whatever name, or by our name over other keys. */
async function findIndex(db: Db, { name, collection, definition }: Wanted): Promise<Document | undefined> {
  const indexes = await ask(db.client, name, 'listIndexes', () => existingIndexes(db, collection));
  return (
    indexes.find((index) => isSame(index['key'], definition['key'])) ??
    indexes.find((index) => index['name'] === definition['name'])
  );
}

async function existingIndexes(db: Db, collection: string): Promise<Document[]> {
  const collections = await db.listCollections({ name: collection }, { nameOnly: true }).toArray();
  return collections.length === 0 ? [] : db.collection(collection).indexes();
}

/** Anything of the view's name, a collection too: it stands in the way. */
async function findView(db: Db, { name, collection }: Wanted): Promise<Document | undefined> {
  const found: Document[] = await ask(db.client, name, 'listCollections', () =>
    db.listCollections({ name: collection }).toArray(),
  );
  return found[0] === undefined ? undefined : { ...(found[0]['options'] as Document) };
}

/** Whether everything that we define is there in this form, the name aside; the server adds fields of its own. */
function isDefinedAs(found: Document, definition: Document): boolean {
  return Object.entries(definition).every(
    ([field, value]) => field === 'name' || isSame(found[field], value),
  );
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

async function create(db: Db, { kind, name, collection, definition }: Wanted): Promise<void> {
  const command =
    kind === 'index'
      ? { createIndexes: collection, indexes: [definition] }
      : { create: collection, ...definition };
  const action = kind === 'index' ? 'createIndex' : 'createCollection';
  await ask(db.client, name, action, () => db.command({ ...command, writeConcern: WRITE_CONCERN }));
}

async function withDatabase<T>(target: SetupTarget, use: (db: Db) => Promise<T>): Promise<T> {
  const client = openClient(target);
  try {
    return await use(client.db(target.database));
  } finally {
    await client.close();
  }
}
