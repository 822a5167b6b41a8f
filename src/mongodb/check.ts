import type { Db, Document, MongoClient } from 'mongodb';
import { DrainError } from '../errors.js';
import { refused } from './commands.js';
import { COMMAND_TIME_LIMIT_MS } from './connection.js';
import { connectionFault } from './connection-fault.js';
import { classifyThrown, UNAUTHORIZED } from './errors.js';

/**
 * Refuses a server or collection on which the guard can't hold. A collection that isn't there yet is fine: the first
 * insert makes it. Errors: `COLLECTION_UNSUITABLE` with the remedy, `MONGODB_UNAVAILABLE`, `MONGODB_REFUSED`.
 */
export async function checkCollections(db: Db, collections: readonly string[]): Promise<void> {
  const namespace = `${db.databaseName}.${collections.join(', ')}`;
  const hello = await ask(db.client, namespace, 'hello', () => db.command({ hello: 1 }));
  const unsuitable = serverFault(hello);
  if (unsuitable !== null) throw new DrainError('COLLECTION_UNSUITABLE', unsuitable);
  for (const name of collections) {
    const found = await describe(db, name);
    const fault = found === null ? null : collectionFault(found);
    if (fault !== null) {
      throw new DrainError(
        'COLLECTION_UNSUITABLE',
        `${db.databaseName}.${name} can't be written to: ${fault}`,
      );
    }
  }
}

/** A mongos answers `msg: 'isdbgrid'`, a member of a replica set `setName`. */
function serverFault(hello: Document): string | null {
  if (typeof hello['setName'] === 'string' || hello['msg'] === 'isdbgrid') return null;
  return (
    'MongoDB runs as a standalone server: a majority can never acknowledge a write. ' +
    'Make it a replica set (one member is enough: mongod --replSet rs0, then rs.initiate()).'
  );
}

function collectionFault({ type, options }: Document): string | null {
  const settings = (options ?? {}) as Document;
  if (type === 'view') return 'it is a view. Name the collection that it shows.';
  if (type === 'timeseries') {
    return 'it is a time-series collection, and those have no replaceable documents. Use an ordinary one.';
  }
  if (settings['capped'] === true) return 'it is capped, so that documents disappear. Use an ordinary one.';
  const collation = settings['collation'] as Document | undefined;
  if (collation !== undefined && collation['locale'] !== 'simple') {
    return 'it has a collation, under which different ids can be equal. Create it without one.';
  }
  return null;
}

/**
 * The collection's entry; `null`: it isn't there. Without the right to list collections only its type is known (that much
 * every user may see), so that a capped one or one with a collation isn't recognised.
 */
async function describe(db: Db, name: string): Promise<Document | null> {
  const namespace = `${db.databaseName}.${name}`;
  const list = (options: Document) =>
    db.command({ listCollections: 1, filter: { name }, maxTimeMS: COMMAND_TIME_LIMIT_MS, ...options });
  const reply = await ask(db.client, namespace, 'listCollections', () =>
    list({}).catch((error: unknown) => {
      if ((error as { code?: unknown }).code !== UNAUTHORIZED) throw error;
      return list({ nameOnly: true, authorizedCollections: true });
    }),
  );
  const [entry] = (reply['cursor'] as { firstBatch: Document[] }).firstBatch;
  return entry ?? null;
}

/** One command outside the write path, its error as one of ours. */
export async function ask<T>(
  client: MongoClient,
  namespace: string,
  action: string,
  command: () => Promise<T>,
): Promise<T> {
  try {
    return await command();
  } catch (error) {
    const fault = connectionFault(error, client) ?? classifyThrown(error);
    if (fault === null) throw error;
    if (fault.kind === 'refused') throw refused(action, namespace, fault);
    if (fault.kind === 'content') throw refused(action, namespace, { reason: fault.reason });
    const text = `MongoDB didn't answer '${action}' on ${namespace}: ${fault.reason}`;
    throw new DrainError('MONGODB_UNAVAILABLE', text);
  }
}
