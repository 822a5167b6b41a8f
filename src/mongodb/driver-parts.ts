import { createRequire } from 'node:module';

/**
 * The parts of the driver that the wire format of raw documents and its patch touch, and its typings don't tell. Only the fields we use.
 */

/** A message to the server, whose parts are put together when it is sent (`lib/cmap/commands.js`). */
export interface Message {
  toBin: () => Uint8Array[] | Promise<Uint8Array[]>;
}

export interface CommandMessage extends Message {
  extractDocumentSequences: (command: Record<string, unknown>) => Uint8Array;
  /** Of what the sequences leave of the command. */
  serializeBson: (command: Record<string, unknown>) => Uint8Array;
}

/** Sends documents beside a command instead of in it, as MongoDB's wire protocol has it (a section of kind 1 of OP_MSG). */
export interface DocumentSequence {
  push: (document: object, bson: Uint8Array) => number;
  toBin: () => Uint8Array;
}

/** `lib/cmap/connection.js`. */
export interface Connection {
  socket: { write: (bytes: Uint8Array) => boolean };
  writeCommand: (message: Message, options: { agreedCompressor?: string }) => Promise<void>;
}

/** What a connection has received and not yet read (`lib/utils.js`). */
export interface ReceivedPieces {
  buffers: {
    first: () => Uint8Array | null;
    shift: () => Uint8Array | null;
    unshift: (piece: Uint8Array) => void;
  };
  totalByteLength: number;
  read: (size: number) => Uint8Array;
}

/** `lib/cmap/wire_protocol/responses.js`, of BSON as it was received. */
export interface Response {
  toBytes: () => Buffer;
  /** Kept by the driver, and sent with later commands. */
  $clusterTime: { signature?: { hash: { buffer: Uint8Array } } | null } | null;
  toObject: (options?: { fieldsAsRaw?: Readonly<Record<string, boolean>> }) => object;
}

export interface Class<T> {
  new (...args: never[]): T;
  prototype: T;
}

export type NewSequence = new (field: string) => DocumentSequence;

export interface DriverParts {
  OpMsgRequest: Class<CommandMessage>;
  /** `undefined`: the installed version has none. */
  DocumentSequence: NewSequence | undefined;
  Connection: Class<Connection>;
  /** `undefined`, as above. */
  MongoDBResponse: Class<Response> | undefined;
  BufferPool: Class<ReceivedPieces> | undefined;
}

export function installedDriver(): DriverParts {
  const require = createRequire(import.meta.url);
  return {
    ...(require('mongodb/lib/cmap/commands.js') as Pick<DriverParts, 'OpMsgRequest' | 'DocumentSequence'>),
    ...(require('mongodb/lib/cmap/connection.js') as Pick<DriverParts, 'Connection'>),
    MongoDBResponse: optional(require, 'mongodb/lib/cmap/wire_protocol/responses.js').MongoDBResponse,
    BufferPool: optional(require, 'mongodb/lib/utils.js').BufferPool,
  };
}

/** Only the patch needs it, which does without. */
function optional(require: NodeJS.Require, module: string): Partial<DriverParts> {
  try {
    return require(module) as Partial<DriverParts>;
  } catch {
    return {};
  }
}
