import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import type { Collection, Db } from 'mongodb';
import { createPipelineSink, type PipelineSinkOptions } from '../../src/mongodb/driver-sink.js';
import type { Sink } from '../../src/mongodb/sink.js';
import type { SinkUnderTest, Stored } from '../contract/sink-contract.js';

/** A sink on a database of its own on a real server, and a client that looks past it. */
export interface Target extends SinkUnderTest {
  uri: string;
  db: Db;
  collection: Collection;
  /** How often the listener heard a sign of life. */
  signsOfLife: () => number;
  /** What was logged. */
  logged: string[];
}

type SinkOptions = Omit<PipelineSinkOptions, 'topics' | 'collectionFor'>;

/** The sink of one collection. Errors as `createPipelineSink`. */
export async function createSink({
  collection,
  ...options
}: SinkOptions & { collection: string }): Promise<Sink> {
  const sink = await createPipelineSink({ ...options, topics: [''], collectionFor: () => collection });
  return { ...sink, write: (models, signal) => sink.write(models, signal, '') };
}

/** Opens a target; the database is dropped when it is disposed of. */
export async function openTarget(
  uri: string,
  prepare: (db: Db) => Promise<unknown> = () => Promise.resolve(),
  options: Partial<SinkOptions> = {},
): Promise<Target> {
  const client = new MongoClient(uri, { promoteLongs: true, useBigInt64: true });
  const database = `sink_${randomUUID().slice(0, 8)}`;
  const db = client.db(database);
  await prepare(db);
  let signs = 0;
  const logged: string[] = [];
  const sink = await createSink({
    uri,
    database,
    collection: 'orders',
    deadLetterCollection: 'orders.dead_letters',
    versionOrder: 'offset',
    listener: { alive: () => void (signs += 1) },
    log: (text) => void logged.push(text),
    ...options,
  });
  const all = (name: string): Promise<Stored[]> => db.collection(name).find({}).sort({ _id: 1 }).toArray();
  return {
    ...{ uri, db, sink, logged, collection: db.collection('orders'), signsOfLife: () => signs },
    documents: () => all('orders'),
    deadLetters: () => all('orders.dead_letters'),
    plant: async (document) => {
      await db.collection('orders').insertOne(document);
    },
    [Symbol.asyncDispose]: async () => {
      await sink.close();
      await db.dropDatabase();
      await client.close();
    },
  };
}
