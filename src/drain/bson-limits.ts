import { FIXED_BYTES } from '../mongodb/bson-elements.js';
import { shapeFault, type RecordLimits, type ShapeFault } from './record-limits.js';
import type { BadRecord } from './bad-record.js';

/** Type, empty name, and a document of its own of five bytes: no BSON is nested deeper than its bytes divided by this. */
const BYTES_PER_LEVEL = 7;
/** Type and empty name. */
const BYTES_PER_KEY = 2;

const DOCUMENT = 0x03;
const ARRAY = 0x04;
const BINARY = 0x05;
const REGULAR_EXPRESSION = 0x0b;
const POINTER = 0x0c;
const CODE_WITH_SCOPE = 0x0f;

/** Types that begin with a length and are followed by so many bytes: texts, code, symbols. */
const TEXTS: ReadonlySet<number> = new Set([0x02, 0x0d, 0x0e]);

interface Level {
  /** Where the document ends. */
  end: number;
  /** Names in arrays are indexes, no keys. */
  isArray: boolean;
}

/**
 * Whether a BSON document has more levels or keys than the pipeline takes, told from its bytes alone: nothing is built. Bytes
 * that aren't BSON may pass; the parser refuses them.
 */
export function bsonShapeFault(limits: RecordLimits, bytes: Buffer): BadRecord | null {
  if (bytes.length < BYTES_PER_LEVEL * limits.maxDepth && bytes.length < BYTES_PER_KEY * limits.maxKeys)
    return null;
  const fault = scan(bytes, limits);
  return fault === null ? null : shapeFault(limits, fault);
}

function scan(bytes: Buffer, { maxDepth, maxKeys }: RecordLimits): ShapeFault | null {
  const levels: Level[] = [{ end: bytes.length, isArray: false }];
  let keys = 0;
  let at = 4;
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    // Beyond its document: no BSON. Never going back keeps the scan linear, whatever the bytes are.
    if (at >= level.end) return null;
    const type = bytes[at] ?? 0;
    if (type === 0) {
      at = level.end;
      levels.pop();
      continue;
    }
    if (!level.isArray) keys += 1;
    if (keys > maxKeys) return 'TOO_MANY_KEYS';
    const value = afterText(bytes, at + 1);
    const inner = innerDocument(bytes, type, value);
    if (inner !== null) levels.push({ end: value + int32At(bytes, value), isArray: type === ARRAY });
    if (levels.length > maxDepth) return 'TOO_DEEP';
    at = inner ?? value + sizeOf(bytes, type, value);
  }
  return null;
}

/** Where the elements of a value that is a document, or has one at its end, begin; `null`: it has none. */
function innerDocument(bytes: Buffer, type: number, at: number): number | null {
  if (type === DOCUMENT || type === ARRAY) return at + 4;
  return type === CODE_WITH_SCOPE ? at + 8 + int32At(bytes, at + 4) + 4 : null;
}

/** Beyond the end where the bytes make no sense: the scan ends, and the parser says why. */
function sizeOf(bytes: Buffer, type: number, at: number): number {
  const fixed = FIXED_BYTES.get(type);
  if (fixed !== undefined) return fixed;
  if (TEXTS.has(type)) return 4 + int32At(bytes, at);
  if (type === BINARY) return 5 + int32At(bytes, at);
  if (type === POINTER) return 16 + int32At(bytes, at);
  if (type === REGULAR_EXPRESSION) return afterText(bytes, afterText(bytes, at)) - at;
  return bytes.length;
}

function int32At(bytes: Buffer, at: number): number {
  const length = at + 4 <= bytes.length ? bytes.readInt32LE(at) : -1;
  return length < 0 ? bytes.length : length;
}

function afterText(bytes: Buffer, from: number): number {
  const end = bytes.indexOf(0, from);
  return end === -1 ? bytes.length : end + 1;
}
