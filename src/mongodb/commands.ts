import type { Db, Document } from 'mongodb';
import { DrainError } from '../errors.js';
import { arrayOf } from './bson-elements.js';
import { COMMAND_TIME_LIMIT_MS, LONGEST_WAIT_MS, WRITE_CONCERN } from './connection.js';
import { connectionFault } from './connection-fault.js';
import { RAW_BATCH } from './driver-patch.js';
import { classifyThrown, UNAUTHORIZED } from './errors.js';
import type { Fault, WriteError } from './errors.js';
import type { SinkListener } from './sink.js';

/** The commands that a drain needs. */
type Action = 'find' | 'insert' | 'update' | 'delete';

/** The fields of a reply that are read. */
interface Reply {
  /** insert: documents inserted; update: documents matched; delete: documents removed. */
  n?: number;
  nModified?: number;
  writeErrors?: WriteError[];
  /** find: an array of the documents, as BSON. */
  documents?: Buffer;
}

/** The same as the driver brings it: each document by itself, unless it is patched. */
interface DriverReply extends Omit<Reply, 'documents'> {
  cursor?: { firstBatch: Buffer | Buffer[] };
}

export type Answer =
  { reply: Reply; fault: null } | { reply: null; fault: Exclude<Fault, { kind: 'refused' }> };

/** One collection and the commands sent to it. */
export interface Commands {
  /** `database.collection`. */
  namespace: string;
  /**
   * Sends one command. Outages and content faults are answers; rejects with `MONGODB_REFUSED`, or with the signal's reason.
   * A reply without `writeErrors` is complete, and acknowledged by a majority.
   */
  run: (action: Action, body: Document, signal: AbortSignal) => Promise<Answer>;
}

/** `commandMs`: how long one command may take in all, its wait for a server and a connection included. */
export function commandsOn(
  db: Db,
  collection: string,
  listener: SinkListener,
  commandMs: number = LONGEST_WAIT_MS,
): Commands {
  const namespace = `${db.databaseName}.${collection}`;
  const run = async (action: Action, body: Document, signal: AbortSignal): Promise<Answer> => {
    signal.throwIfAborted();
    using deadline = createDeadline(signal, commandMs);
    try {
      const options = { signal: deadline.signal, fieldsAsRaw: RAW_BATCH };
      const { cursor, ...reply }: DriverReply = await db.command(
        toCommand(action, collection, body),
        options,
      );
      listener.alive();
      return { reply: cursor === undefined ? reply : { documents: toArray(cursor.firstBatch) }, fault: null };
    } catch (error) {
      signal.throwIfAborted();
      if (deadline.signal.aborted)
        return { reply: null, fault: { kind: 'outage', reason: `no reply within ${commandMs} ms` } };
      const fault = connectionFault(error, db.client) ?? classifyThrown(error);
      if (fault === null) throw error;
      if (fault.kind === 'refused') throw refused(action, namespace, fault);
      return { reply: null, fault };
    }
  };
  return { namespace, run };
}

function toArray(batch: Buffer | Buffer[]): Buffer {
  return Array.isArray(batch) ? arrayOf(batch) : batch;
}

/**
 * Aborted with the given signal or after the given time: the driver's own limits on selecting a server, waiting for a
 * connection and reading the reply add up to more. Not `AbortSignal.any`, which the long-lived signal would keep alive.
 */
function createDeadline(signal: AbortSignal, commandMs: number): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = setTimeout(abort, commandMs);
  signal.addEventListener('abort', abort);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    },
  };
}

function toCommand(action: Action, collection: string, body: Document): Document {
  const writing = action === 'find' ? {} : { ordered: false, writeConcern: WRITE_CONCERN };
  return { [action]: collection, ...body, ...writing, maxTimeMS: COMMAND_TIME_LIMIT_MS };
}

/** Names action and namespace, so that the missing right is known; never the command, which holds records. */
export function refused(
  command: string,
  namespace: string,
  { reason, code, message }: Omit<Extract<Fault, { kind: 'refused' }>, 'kind'>,
): DrainError {
  if (message !== undefined) return new DrainError('MONGODB_REFUSED', message);
  const action = command === 'delete' ? 'remove' : command;
  const remedy =
    code === UNAUTHORIZED
      ? ` The user needs the action ${action} on ${namespace}; see docs/security.md.`
      : '';
  return new DrainError(
    'MONGODB_REFUSED',
    `MongoDB refused '${command}' on ${namespace}: ${reason}.${remedy}`,
  );
}
