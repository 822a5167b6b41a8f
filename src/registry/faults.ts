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

/** Counts levels and keys while a value is built. */
export interface Meter {
  /** A level with so many keys begins. */
  enter: (keys: number) => void;
  leave: () => void;
  /** So many more keys at this level. */
  keys: (more: number) => void;
}

export function createMeter({ maxDepth, maxKeys }: ShapeLimits): Meter {
  let depth = 0;
  let keys = 0;
  const count = (more: number) => {
    keys += more;
    if (keys > maxKeys) throw faultError('TOO_MANY_KEYS');
  };
  return {
    enter: (more) => {
      depth += 1;
      if (depth > maxDepth) throw faultError('TOO_DEEP');
      count(more);
    },
    leave: () => {
      depth -= 1;
    },
    keys: count,
  };
}

/** Sets a field whose name comes from a record or a schema: `__proto__` is data like any other. */
export function setField(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '_bsontype' || name.includes('\0')) throw faultError('UNSTORABLE_KEY');
  if (name === '__proto__')
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  else object[name] = value;
}
