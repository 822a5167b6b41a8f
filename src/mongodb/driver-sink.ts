import { setTimeout as sleep } from 'node:timers/promises';
import { createCallTurns } from './call-turns.js';
import { checkCollections } from './check.js';
import { commandsOn } from './commands.js';
import { openClient, type Address } from './connection.js';
import { workInPlace } from './driver-patch.js';
import { insertDeadLetters, toDeadLetterDocuments } from './dead-letters.js';
import { createResend } from './resend.js';
import type { PipelineSink, SinkListener, VersionOrder } from './sink.js';
import { createWrite } from './write.js';

/** A batch is resent for as long at most; then the attempt fails and the next one begins at the committed offsets. */
const RESEND_FOR_MS = 60_000;

const CLOSE_WITHIN_MS = 5_000;

export interface PipelineSinkOptions extends Address {
  database: string;
  /** Those whose collections are checked. */
  topics: readonly string[];
  collectionFor: (topic: string) => string;
  deadLetterCollection: string;
  /** What decides which of two versions is newer. */
  versionOrder: VersionOrder;
  listener: SinkListener;
  /** Told of every resend, without record contents. */
  log?: (text: string) => void;
  /** For tests: how long a batch is resent, 60 s otherwise. */
  resendForMs?: number;
  /** For tests: how long one command may take, 15 s otherwise. */
  commandMs?: number;
}

/**
 * The sink on MongoDB's driver: one client, the topics' collections and their dead letters. Connects with the first command, so
 * that an unreachable server shows as `MONGODB_UNAVAILABLE` of that one. Error: `CONFIG_INVALID` for an unusable URI.
 */
export function createPipelineSink(options: PipelineSinkOptions): Promise<PipelineSink> {
  return new Promise((resolve) => {
    resolve(open(options));
  });
}

function open(options: PipelineSinkOptions): PipelineSink {
  const { database, deadLetterCollection, listener, topics, collectionFor } = options;
  workInPlace();
  const client = openClient(options);
  const db = client.db(database);
  const letters = commandsOn(db, deadLetterCollection, listener, options.commandMs);
  const patience = {
    listener,
    log: options.log ?? (() => undefined),
    resendForMs: options.resendForMs ?? RESEND_FOR_MS,
  };
  const turns = createCallTurns();
  const writeTo = remembered((collection) =>
    createWrite(
      commandsOn(db, collection, listener, options.commandMs),
      patience,
      options.versionOrder,
      turns,
    ),
  );
  return {
    check: () => checkCollections(db, [...new Set(topics.map(collectionFor)), deadLetterCollection]),
    write: (models, signal, topic) => writeTo(collectionFor(topic))(models, signal),
    writeDeadLetters: (deadLetters, signal) => {
      const now = new Date();
      const resend = createResend({ ...patience, namespace: letters.namespace });
      const sized = deadLetters.flatMap((letter) => toDeadLetterDocuments(letter, now));
      return insertDeadLetters(letters, sized, resend, signal);
    },
    // It says goodbye to the server, which may never answer.
    close: () => Promise.race([client.close(), sleep(CLOSE_WITHIN_MS, undefined, { ref: false })]),
  };
}

/** Each collection's writer keeps what it has learnt of that collection. */
function remembered<Value>(create: (key: string) => Value): (key: string) => Value {
  const known = new Map<string, Value>();
  return (key) => {
    const value = known.get(key) ?? create(key);
    known.set(key, value);
    return value;
  };
}
