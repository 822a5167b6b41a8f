import { createRequire } from 'node:module';
import { sourceHash } from '../source-hash.js';

/** A message to the server, whose parts are put together when it is sent (the driver's `lib/cmap/commands.js`). */
export interface Message {
  toBin: () => Uint8Array[] | Promise<Uint8Array[]>;
}

interface CommandMessage extends Message {
  extractDocumentSequences: (command: Record<string, unknown>) => Uint8Array;
}

/** The driver's `lib/cmap/connection.js`. */
interface Connection {
  socket: { write: (bytes: Uint8Array) => boolean };
  writeCommand: (message: Message, options: { agreedCompressor?: string }) => Promise<void>;
}

interface Sequence {
  toBin: () => Uint8Array;
}

interface Class<T> {
  new (...args: never[]): T;
  prototype: T;
}

/** The parts of the driver that the patch touches and its typings don't tell. */
export interface DriverParts {
  OpMsgRequest: Class<CommandMessage>;
  DocumentSequence: Class<Sequence>;
  Connection: Class<Connection>;
}

/** The `sourceHash` of each replaced function, in mongodb 7.9.0. */
const EXPECTED = {
  extractDocumentSequences: '2b9bd638b8c1d8d4',
  writeCommand: '57ab125767d457b3',
} as const;

/** What is shorter is sent together with the command, in one packet. */
const OWN_WRITE_BYTES = 16 * 1024;

const patched = new WeakSet<object>();

/**
 * Has the driver send a command's documents from where they are. By itself it copies them twice on their way to the socket, and
 * what is allocated outside of JavaScript's heap brings its next garbage collection nearer. Returns whether it does: another
 * version of the driver is left as it is, and is slower.
 */
export function sendInPlace(driver: DriverParts = installedDriver()): boolean {
  if (patched.has(driver.Connection)) return true;
  const { extractDocumentSequences } = driver.OpMsgRequest.prototype;
  const { writeCommand } = driver.Connection.prototype;
  const isKnown =
    sourceHash(extractDocumentSequences) === EXPECTED.extractDocumentSequences &&
    sourceHash(writeCommand) === EXPECTED.writeCommand;
  if (!isKnown) return false;
  patched.add(driver.Connection);
  patchMessages(driver);
  patchConnections(driver);
  return true;
}

/** One section is that section, not a copy of it. */
function patchMessages({ OpMsgRequest, DocumentSequence }: DriverParts): void {
  const { extractDocumentSequences: original } = OpMsgRequest.prototype;
  OpMsgRequest.prototype.extractDocumentSequences = function (this: CommandMessage, command) {
    const sequences = Object.entries(command).filter(
      (field): field is [string, Sequence] => field[1] instanceof DocumentSequence,
    );
    const [only] = sequences;
    if (only === undefined || sequences.length > 1) return original.call(this, command);
    // as the original does: it isn't for the command's own document
    Reflect.deleteProperty(command, only[0]);
    return only[1].toBin();
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

function installedDriver(): DriverParts {
  const require = createRequire(import.meta.url);
  return {
    ...(require('mongodb/lib/cmap/commands.js') as Pick<DriverParts, 'OpMsgRequest' | 'DocumentSequence'>),
    ...(require('mongodb/lib/cmap/connection.js') as Pick<DriverParts, 'Connection'>),
  };
}
