import { MongoClient } from 'mongodb';
import { loadSettings } from '../src/config/load.js';
import { PIPELINE, type DemoFiles } from './files.js';
import type { Surroundings } from './text.js';

const DOCUMENTS_SHOWN = 3;

/** What MongoDB holds now: totals and a few documents of the demo's collection. */
export async function lookAtMongodb(
  files: DemoFiles,
): Promise<Pick<Surroundings, 'mongodb' | 'deadLetters' | 'totals' | 'documents'>> {
  const settings = loadSettings(files.config, files.environment);
  const pipeline = settings.pipelines.get(PIPELINE);
  if (!pipeline) throw new Error(`${files.config} has no pipeline ${PIPELINE}`);
  const { uri, database } = settings.mongodb;
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 5_000 });
  try {
    const collection = client.db(database).collection(pipeline.collection);
    const live = { '_kafka.deleted': { $ne: true } };
    const [all, living, deadLetters, documents] = await Promise.all([
      collection.countDocuments(),
      collection.countDocuments(live),
      client.db(database).collection(pipeline.deadLetters.collection).countDocuments(),
      collection.find(live, { sort: { '_kafka.timestamp': -1 }, limit: DOCUMENTS_SHOWN }).toArray(),
    ]);
    return {
      mongodb: `${uri}, database ${database}`,
      deadLetters: `${database}.${pipeline.deadLetters.collection}`,
      totals: { live: living, deleted: all - living, deadLetters },
      documents,
    };
  } finally {
    await client.close();
  }
}
