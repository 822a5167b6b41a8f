/**
 * MongoDB's extended JSON: the canonical and relaxed forms, and the older strict ones that Debezium writes. As the Java driver's
 * JsonReader takes it, and with it MongoDB's sink connector, without its notation of the shell.
 */
import { Double, Int32, Long } from 'mongodb';
import { MALFORMED, OWN_FORMS, OUT_OF_RANGE } from './extended-forms.js';
import { isUnsafeInteger, MARK, type Marking, markLiterals } from './json-text.js';
import { toInt64 } from './values.js';

/** `OUT_OF_RANGE`: an integer beyond 64 bits, or a number or date beyond what MongoDB stores. */
export type ExtendedJsonFault = 'NOT_JSON' | 'OUT_OF_RANGE' | 'LONE_SURROGATE';
export type ExtendedJson = { kind: 'value'; value: unknown } | { kind: 'fault'; fault: ExtendedJsonFault };

const LITERAL = /-?(?:(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|Infinity)|NaN/g;
/** Whether there may be a number of which JSON.parse would lose how it is written; also where it is part of a text. */
const MARKED_NUMBER = /(?:^|[:,[\s])-?(?:\d+[.eE]|\d{16}|NaN|Infinity)/;

/** Numbers keep the types they are written with: a fraction or an exponent makes a double, anything else an int or a long. */
export function readExtendedJson(text: string): ExtendedJson {
  const faults: ExtendedJsonFault[] = [];
  try {
    const value = parse(text, faults);
    const [fault] = faults;
    return fault === undefined ? { kind: 'value', value } : { kind: 'fault', fault };
  } catch {
    return { kind: 'fault', fault: 'NOT_JSON' };
  }
}

/** The value alone; `undefined`: there is a fault. */
export function fromExtendedJson(text: string): unknown {
  const read = readExtendedJson(text);
  return read.kind === 'value' ? read.value : undefined;
}

function parse(json: string, faults: ExtendedJsonFault[]): unknown {
  const isMarked = MARKED_NUMBER.test(json);
  const text = isMarked ? markLiterals(json, MARKING) : json;
  const mayBeMalformed = json.includes('\\u');
  return JSON.parse(text, (key, value: unknown) => {
    // a number in the place of a name
    if (isMarked && key.startsWith(MARK)) throw new SyntaxError();
    if (mayBeMalformed && !(key.isWellFormed() && isWellFormed(value))) faults.push('LONE_SURROGATE');
    const revived = revive(value);
    if (revived === MALFORMED) throw new SyntaxError();
    if (revived === OUT_OF_RANGE) faults.push('OUT_OF_RANGE');
    return revived;
  });
}

const MARKING: Marking = {
  literal: LITERAL,
  isMarked: (literal) => /[.eENI]/.test(literal) || isUnsafeInteger(literal),
  mayHold: /\d[.eE]|\d{16}|NaN|Infinity/,
};

function isWellFormed(value: unknown): boolean {
  return typeof value !== 'string' || value.isWellFormed();
}

function revive(value: unknown): unknown {
  switch (typeof value) {
    case 'number':
      return ofInteger(value);
    case 'string':
      return value.startsWith(MARK) ? ofLiteral(value.slice(MARK.length)) : value;
    case 'object':
      return value === null || Array.isArray(value) ? value : ofObject(value as Record<string, unknown>);
    default:
      return value;
  }
}

function ofInteger(value: number): unknown {
  const isInt32 = value >= -(2 ** 31) && value < 2 ** 31;
  return isInt32 ? new Int32(value) : Long.fromNumber(value);
}

function ofLiteral(literal: string): unknown {
  if (isUnsafeInteger(literal)) {
    const value = toInt64(literal);
    return value === null ? OUT_OF_RANGE : Long.fromBigInt(value);
  }
  const value = Number(literal);
  return Number.isFinite(value) || /[NI]/.test(literal) ? new Double(value) : OUT_OF_RANGE;
}

/** What an object stands for is told by its first name. */
function ofObject(object: Record<string, unknown>): unknown {
  const name = firstNameOf(object);
  const own = name?.startsWith('$') === true ? OWN_FORMS.get(name)?.(object) : undefined;
  return own === undefined ? object : own;
}

function firstNameOf(object: object): string | undefined {
  for (const name in object) return name;
  return undefined;
}
