import type { ChangeStreamDocument, Document } from 'mongodb';
import type { Lane } from './lane.js';
import { versionIn } from './oracle/documents.js';
import { createVersionWatch } from './oracle/version-watch.js';
import type { Violation } from './oracle/violation.js';

/** Follows every change of a lane's documents in the order in which the database applied them. */
export interface Watching {
  /** Ends it; I3 as long as it lasted. */
  stop: () => Promise<Violation | null>;
}

/** For lanes whose database stays up; costs as much as a second reader of the collection. */
export async function watchVersions({ scenario }: Lane): Promise<Watching> {
  const watch = createVersionWatch();
  const changes = [
    { $project: { documentKey: 1, operationType: 1, fullDocument: { _kafka: 1 }, updateDescription: 1 } },
  ];
  const stream = scenario.collection.watch(changes, { promoteLongs: false, batchSize: 1_000 });
  const known = new Map<string, Document>();
  stream.on('change', (change) => {
    const reserved = reservedAfter(known, change);
    if (reserved === null) return;
    const [id, field] = reserved;
    const version = versionIn(field);
    if (version !== null) watch.see(id, version, field['deleted'] === true);
  });
  stream.on('error', () => undefined);
  // It follows what happens from the moment on at which the server knows it.
  await stream.tryNext().catch(() => null);
  return {
    stop: async () => {
      await stream.close();
      return watch.violation();
    },
  };
}

/** The reserved field after a change; an update may tell only what became different in it. */
function reservedAfter(
  known: Map<string, Document>,
  change: ChangeStreamDocument,
): [string, Document] | null {
  if (!('documentKey' in change)) return null;
  const id = String(change.documentKey._id);
  const reserved =
    'updateDescription' in change ? updated(known.get(id) ?? {}, change.updateDescription) : whole(change);
  if (reserved === null) return null;
  known.set(id, reserved);
  return [id, reserved];
}

function whole(change: ChangeStreamDocument): Document | null {
  const document = 'fullDocument' in change ? change.fullDocument : undefined;
  return (document?.['_kafka'] as Document | undefined) ?? null;
}

function updated(
  before: Document,
  description: { updatedFields?: Document; removedFields?: string[] },
): Document {
  const after = { ...before };
  for (const [path, value] of Object.entries(description.updatedFields ?? {})) {
    if (path === '_kafka') return value as Document;
    if (path.startsWith('_kafka.')) after[path.slice('_kafka.'.length)] = value as unknown;
  }
  for (const path of description.removedFields ?? [])
    if (path.startsWith('_kafka.')) Reflect.deleteProperty(after, path.slice('_kafka.'.length));
  return after;
}
