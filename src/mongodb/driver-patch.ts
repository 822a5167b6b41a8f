import { sourceHash } from '../source-hash.js';
import { documentOf, ELEMENT } from './bson-elements.js';
import { installedDriver } from './driver-parts.js';
import type {
  Class,
  CommandMessage,
  Connection,
  DocumentSequence,
  DriverParts,
  NewSequence,
  Response,
} from './driver-parts.js';
import { documentAt, placeIn } from './places.js';
import { readIntoSpare } from './reply-memory.js';
import { sentBytesOf } from './wire.js';

/** The `sourceHash` of each replaced function, in mongodb 7.9.0. */
const EXPECTED = {
  extractDocumentSequences: '2b9bd638b8c1d8d4',
  read: 'fb431975df66a043',
  serializeBson: 'f267082c359bea87',
  writeCommand: '57ab125767d457b3',
  toObject: '9e6699d9f0010228',
} as const;

/** The field of a reply's cursor that has its documents. */
const BATCH = 'firstBatch';

/** The driver's option to take those as raw. It is for whoever gives this very object: others get what the driver promises. */
export const RAW_BATCH: Readonly<Record<typeof BATCH, boolean>> = Object.freeze({ [BATCH]: true });

/** What is shorter is sent together with the command, in one packet. */
const OWN_WRITE_BYTES = 16 * 1024;

/** The type and name of a command's filter. */
const FILTER = Buffer.from(`${String.fromCharCode(ELEMENT.object)}filter\0`);

const patched = new WeakSet<object>();

/**
 * Has the driver send a command's documents from where they are, and leave a reply's where they are, if `RAW_BATCH` is asked for. By
 * itself it copies them twice on their way to the socket, and what is allocated outside of JavaScript's heap, for replies, too, brings its
 * next garbage collection nearer; and of a reply each is an object of its own. Returns whether it does: another version of the driver is left
 * as it is, and is slower.
 */
export function workInPlace(driver: DriverParts = installedDriver()): boolean {
  const { OpMsgRequest, DocumentSequence, Connection, MongoDBResponse, BufferPool } = driver;
  if (patched.has(Connection)) return true;
  if (MongoDBResponse === undefined || DocumentSequence === undefined || BufferPool === undefined)
    return false;
  const replaced: Record<keyof typeof EXPECTED, unknown> = {
    extractDocumentSequences: OpMsgRequest.prototype.extractDocumentSequences,
    serializeBson: OpMsgRequest.prototype.serializeBson,
    writeCommand: Connection.prototype.writeCommand,
    toObject: MongoDBResponse.prototype.toObject,
    read: BufferPool.prototype.read,
  };
  if (!isKnown(replaced)) return false;
  patched.add(Connection);
  patchMessages(OpMsgRequest, DocumentSequence);
  patchFilters(OpMsgRequest);
  patchConnections(driver);
  patchReplies(MongoDBResponse);
  BufferPool.prototype.read = readIntoSpare(BufferPool.prototype.read);
  return true;
}

function isKnown(replaced: Record<keyof typeof EXPECTED, unknown>): boolean {
  return Object.entries(EXPECTED).every(
    ([name, hash]) => sourceHash(replaced[name as keyof typeof EXPECTED]) === hash,
  );
}

/** One section is that section, not a copy of it. */
function patchMessages(OpMsgRequest: Class<CommandMessage>, Sequence: NewSequence): void {
  const { extractDocumentSequences: original } = OpMsgRequest.prototype;
  OpMsgRequest.prototype.extractDocumentSequences = function (this: CommandMessage, command) {
    const sequences = Object.entries(command).filter(
      (field): field is [string, DocumentSequence] => field[1] instanceof Sequence,
    );
    const [only] = sequences;
    if (only === undefined || sequences.length > 1) return original.call(this, command);
    // as the original does: it isn't for the command's own document
    Reflect.deleteProperty(command, only[0]);
    return only[1].toBin();
  };
}

/** A filter that is BSON already is sent as it is, behind all else of its command. */
function patchFilters({ prototype }: Class<CommandMessage>): void {
  const { serializeBson: original } = prototype;
  prototype.serializeBson = function (this: CommandMessage, command) {
    const bytes = sentBytesOf(command['filter']);
    if (bytes === undefined) return original.call(this, command);
    const others = Object.fromEntries(Object.entries(command).filter(([name]) => name !== 'filter'));
    // without the length before its elements, and the end behind
    return documentOf([original.call(this, others).subarray(4, -1), FILTER, bytes]);
  };
}

/** A long last part follows the others by itself. That all of it was sent is told by the reply. */
function patchConnections({ OpMsgRequest, Connection }: DriverParts): void {
  const { writeCommand: original } = Connection.prototype;
  Connection.prototype.writeCommand = async function (this: Connection, message, options) {
    const isCompressed = (options.agreedCompressor ?? 'none') !== 'none';
    if (isCompressed || !(message instanceof OpMsgRequest)) return original.call(this, message, options);
    const parts = await message.toBin();
    const last = parts.at(-1);
    if (last === undefined || last.length < OWN_WRITE_BYTES)
      return original.call(this, { toBin: () => parts }, options);
    await original.call(this, { toBin: () => parts.slice(0, -1) }, options);
    this.socket.write(last);
  };
}

/** Of a reply with such documents nothing else is kept: what the driver itself needs of it, it has read before. */
function patchReplies({ prototype }: Class<Response>): void {
  const { toObject: original } = prototype;
  prototype.toObject = function (this: Response, options) {
    const documents = options?.fieldsAsRaw === RAW_BATCH ? batchIn(this.toBytes()) : null;
    if (documents === null) return original.call(this, options);
    detachSignature(this);
    return { cursor: { [BATCH]: documents } };
  };
}

/** The driver sends the signature of the cluster's time with later commands, as a view of the reply, whose memory is used again. */
function detachSignature({ $clusterTime }: Response): void {
  const hash = $clusterTime?.signature?.hash;
  if (hash !== undefined) hash.buffer = Uint8Array.from(hash.buffer);
}

/** `null`: it is no reply to a find. */
function batchIn(reply: Buffer): Buffer | null {
  const cursor = placeIn(reply, documentAt(reply, 0), 'cursor');
  const batch = cursor?.type === ELEMENT.object ? placeIn(reply, cursor, BATCH) : null;
  return batch?.type === ELEMENT.array ? reply.subarray(batch.from, batch.end) : null;
}
