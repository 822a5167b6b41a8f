import { BSON, Binary, Code, DBRef, Timestamp } from 'mongodb';
import { contentsOf, isPlain, kindFault } from './kinds.js';
import { isInt64 } from './values.js';

/** Levels of a document; the server refuses the 181st, and from about 250 the whole command around the document. */
const MAX_DEPTH = 180;
/** Below this many characters the worst case (3 bytes each) is cheaper to assume than the true size to compute. */
const SHORT_TEXT = 64;
/** A type byte, and the number of digits of an array index. */
const ELEMENT_OVERHEAD = 10;

/** What one walk through a value finds out. */
export interface Measured {
  /** Upper bound of the BSON size in bytes; texts under 64 characters count with 3 bytes a character. */
  bytes: number;
  /** Why the value can't be stored, without its contents; `null`: it can. */
  fault: string | null;
}

/**
 * One walk that bounds the size of a value and finds what the driver or the server would refuse for the whole batch
 * (NUL in names, `_bsontype`, too many levels) or silently change (dates and integers out of range, functions).
 */
export function measure(value: unknown): Measured {
  return walked(value, false);
}

/**
 * The same of a value that others have made. Finds as well what no decoder makes: lone surrogates, and what the driver would store
 * as something else (an object of a class, for instance).
 */
export function measureForeign(value: unknown): Measured {
  return walked(value, true);
}

interface Walked extends Measured {
  isForeign: boolean;
}

function walked(value: unknown, isForeign: boolean): Walked {
  const into: Walked = { bytes: 0, fault: null, isForeign };
  walk(value, 0, into);
  return into;
}

function walk(value: unknown, depth: number, into: Walked): void {
  switch (typeof value) {
    case 'string':
      into.bytes += 5 + textBytes(value);
      if (into.isForeign && !value.isWellFormed()) into.fault = 'a text holds a lone surrogate';
      return;
    case 'object':
      if (value !== null) walkObject(value, depth, into);
      return;
    case 'bigint':
      if (!isInt64(value)) into.fault = 'an integer exceeds 64 bits';
      into.bytes += 8;
      return;
    case 'function':
    case 'symbol':
      into.fault = `a ${typeof value} can't be stored`;
      return;
    default:
      into.bytes += 8;
  }
}

function walkObject(value: object, depth: number, into: Walked): void {
  if (into.isForeign) into.fault = kindFault(value);
  if (into.fault !== null) return;
  if (depth >= MAX_DEPTH) {
    into.fault = `nested in more than ${MAX_DEPTH} levels`;
  } else if (Array.isArray(value)) {
    walkArray(value, depth, into);
  } else if (isPlain(value)) {
    walkFields(value, depth, into);
  } else if (value instanceof Map) {
    walkEntries(value, depth, into);
  } else {
    measureLeaf(value, depth, into);
  }
}

function walkArray(values: readonly unknown[], depth: number, into: Walked): void {
  into.bytes += 5;
  for (const value of values) {
    into.bytes += ELEMENT_OVERHEAD;
    walk(value, depth + 1, into);
    if (into.fault !== null) return;
  }
}

function walkFields(fields: object, depth: number, into: Walked): void {
  into.bytes += 5;
  for (const name of Object.keys(fields)) {
    if (name === '_bsontype') into.fault = "a field is named '_bsontype', which MongoDB's drivers reserve";
    walkField(name, (fields as Record<string, unknown>)[name], depth, into);
    if (into.fault !== null) return;
  }
}

function walkEntries(entries: ReadonlyMap<unknown, unknown>, depth: number, into: Walked): void {
  into.bytes += 5;
  for (const [name, value] of entries) {
    if (typeof name === 'string') walkField(name, value, depth, into);
    else into.fault = "a field's name isn't a text";
    if (into.fault !== null) return;
  }
}

function walkField(name: string, value: unknown, depth: number, into: Walked): void {
  if (name.includes('\0')) into.fault = "a field's name contains a NUL character";
  if (into.isForeign && !name.isWellFormed()) into.fault = "a field's name holds a lone surrogate";
  into.bytes += 2 + textBytes(name);
  if (into.fault === null) walk(value, depth + 1, into);
}

/** Dates, bytes and BSON's own types. */
function measureLeaf(value: object, depth: number, into: Walked): void {
  if (value instanceof Date) {
    // js-bson would turn it into 1970.
    if (Number.isNaN(value.getTime())) into.fault = 'a date is out of range';
    into.bytes += 8;
    return;
  }
  // https://www.mongodb.com/docs/manual/reference/bson-types/#timestamps
  if (depth === 1 && value instanceof Timestamp && value.t === 0 && value.i === 0)
    into.fault =
      'a timestamp of zero in a field of the document itself, for which MongoDB would put the present time';
  try {
    into.bytes += sizeOf({ v: value }, isCheckedWhenWritten(value));
  } catch {
    into.fault = "a value's type isn't one of BSON's, or it breaks that type's rules";
    return;
  }
  walk(contentsOf(value), depth + 1, into);
}

function sizeOf(document: BSON.Document, byWriting: boolean): number {
  return byWriting ? BSON.serialize(document).length : BSON.calculateObjectSize(document);
}

/** Of these js-bson looks at contents only when it writes them, and then the whole batch would fail. */
function isCheckedWhenWritten(value: object): boolean {
  if (value instanceof Binary) return value.sub_type === Binary.SUBTYPE_VECTOR;
  return value instanceof Code || value instanceof DBRef;
}

/** Upper bound of a text's UTF-8 bytes, exact where it is long. */
export function textBytes(text: string): number {
  return text.length < SHORT_TEXT ? text.length * 3 : Buffer.byteLength(text);
}
