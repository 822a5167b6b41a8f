import type { Payload, PayloadFault, ShapeLimits } from './schemas.js';

interface FaultError extends Error {
  fault: PayloadFault;
}

/** Thrown inside of a decoder only: `payloadOf` makes it an outcome. */
export function faultError(fault: PayloadFault): Error {
  return Object.assign(new Error(fault), { fault } satisfies Omit<FaultError, keyof Error>);
}

/** The value that the decoder returns, or the fault for which it gave up. Whatever else it throws comes from bytes that make no sense. */
export function payloadOf(decode: () => unknown): Payload {
  try {
    return { kind: 'value', value: decode() };
  } catch (error) {
    return { kind: 'fault', fault: faultOf(error) };
  }
}

function faultOf(error: unknown): PayloadFault {
  if (!(error instanceof Error)) return 'MALFORMED';
  if ('fault' in error) return (error as FaultError).fault;
  // the stack's limit, and that of protobufjs
  return /maximum call stack|max depth/i.test(error.message) ? 'TOO_DEEP' : 'MALFORMED';
}

/**
 * The most BSON that a value may become. A document has half of it at most, and an event of Debezium's two of them. Without it a
 * record that says "an empty text" or "0" eight million times would fill the heap of the thread, in every attempt anew.
 */
const MAX_BSON_BYTES = 32 * 1024 * 1024;
/** Its type, and its index as a text. */
const ITEM_BYTES = 8;
/** A length and an end. */
const CONTAINER_BYTES = 5;

/** Counts levels, keys and bytes of BSON while a value is built; the latter only of what may be many for few bytes. */
export interface Meter {
  /** A level with so many keys begins. */
  enter: (keys: number) => void;
  leave: () => void;
  /** So many more keys at this level. */
  keys: (more: number) => void;
  /** So many more items of an array. */
  items: (more: number) => void;
  /** A value that takes so many bytes of BSON. */
  spend: (bytes: number) => void;
}

export function createMeter({ maxDepth, maxKeys }: ShapeLimits): Meter {
  let depth = 0;
  let keys = 0;
  let bsonBytes = 0;
  const count = (more: number) => {
    keys += more;
    if (keys > maxKeys) throw faultError('TOO_MANY_KEYS');
  };
  const spend = (bytes: number) => {
    bsonBytes += bytes;
    if (bsonBytes > MAX_BSON_BYTES) throw faultError('TOO_LARGE');
  };
  return {
    enter: (more) => {
      depth += 1;
      spend(CONTAINER_BYTES);
      if (depth > maxDepth) throw faultError('TOO_DEEP');
      count(more);
    },
    leave: () => {
      depth -= 1;
    },
    keys: count,
    items: (more) => {
      spend(ITEM_BYTES * more);
    },
    spend,
  };
}

/** Sets a field whose name comes from a record or a schema: `__proto__` is data like any other. */
export function setField(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '_bsontype' || name.includes('\0')) throw faultError('UNSTORABLE_KEY');
  if (name === '__proto__')
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  else object[name] = value;
}
