import {
  BSON,
  MongoCompatibilityError,
  MongoError,
  MongoInvalidArgumentError,
  MongoMissingCredentialsError,
  MongoMissingDependencyError,
  MongoParseError,
  MongoServerError,
  MongoTopologyClosedError,
} from 'mongodb';
import type { WriteRejectionCode } from './sink.js';

/**
 * What an error means for the slice it hit:
 * - `outage`: nothing is known about it; the same records again until the reply is clean;
 * - `refused`: nobody's record is at fault and trying again doesn't help. `message`: all that is to be said, where no command was
 *   at fault either;
 * - `content`: a record is at fault. Never concluded from an error that an outage could cause.
 *
 * Reasons never contain what the server or driver quote from records.
 */
export type Fault =
  | { kind: 'outage'; reason: string }
  | { kind: 'refused'; reason: string; code?: number; message?: string }
  | { kind: 'content'; code: WriteRejectionCode; reason: string; certain: boolean };

/** One entry of a reply's `writeErrors`. */
export interface WriteError {
  index: number;
  code: number;
  errmsg?: string;
  keyPattern?: Record<string, unknown>;
}

/** Server codes after which the same command may succeed: elections, shutdowns, timeouts, transient conflicts, resources. */
const OUTAGE_CODES: ReadonlySet<number> = new Set([
  6, 7, 24, 43, 46, 50, 63, 64, 89, 91, 100, 112, 117, 133, 134, 146, 150, 175, 189, 202, 208, 216, 237, 262,
  279, 290, 314, 325, 355, 365, 371, 402, 433, 449, 462, 9001, 10058, 10107, 11600, 11601, 11602, 12586,
  12587, 13388, 13435, 13436, 14031,
]);

/** Codes of missing rights, wrong set-up, or a server that doesn't know the command. 8000: a hosted service's quota. */
const REFUSED_CODES: ReadonlySet<number> = new Set([
  11, 13, 18, 20, 26, 31, 48, 59, 72, 73, 79, 93, 115, 166, 186, 238, 323, 334, 8000, 40414, 40415,
]);

/** The user has no right to what was asked, or isn't known any more. */
export const UNAUTHORIZED = 13;
const DUPLICATE_KEY = 11000;

/** Errors of the driver that trying again doesn't change. The last: the sink was closed. */
const SET_UP_ERRORS = [
  MongoCompatibilityError,
  MongoInvalidArgumentError,
  MongoMissingCredentialsError,
  MongoMissingDependencyError,
  MongoParseError,
  MongoTopologyClosedError,
];

/** Codes whose cause can only be the document. All others are believed only when it is refused again, alone. */
const CONTENT: ReadonlyMap<number, { code: WriteRejectionCode; reason: string }> = new Map([
  [121, { code: 'VALIDATION_FAILED', reason: "the collection's schema validator refused the document" }],
  [15, { code: 'NOT_STORABLE', reason: 'the document is nested too deeply for MongoDB (code 15)' }],
  [52, { code: 'NOT_STORABLE', reason: 'MongoDB refuses a field name that starts with $ (code 52)' }],
  [54, { code: 'NOT_STORABLE', reason: "MongoDB refuses the document id's type (code 54)" }],
  [10334, { code: 'TOO_LARGE', reason: 'the document exceeds the limit of MongoDB (code 10334)' }],
  [17419, { code: 'TOO_LARGE', reason: 'the document exceeds the limit of MongoDB (code 17419)' }],
  [17280, { code: 'TOO_LARGE', reason: 'an index key exceeds the limit of MongoDB (code 17280)' }],
]);

/** What an error thrown by the driver means; `null`: nobody foresaw it. */
export function classifyThrown(error: unknown): Fault | null {
  if (error instanceof MongoServerError) return classifyServer(error);
  if (error instanceof BSON.BSONError || error instanceof RangeError) {
    const reason = 'the driver refuses to serialise the document';
    return { kind: 'content', code: 'NOT_STORABLE', reason, certain: false };
  }
  if (!(error instanceof Error)) return null;
  // Texts of the driver's own errors name hosts, never records.
  const reason = `${error.name}: ${error.message}`;
  if (isSetUp(error)) return { kind: 'refused', reason };
  return error instanceof MongoError || isSystemError(error) ? { kind: 'outage', reason } : null;
}

function isSetUp(error: Error): boolean {
  return SET_UP_ERRORS.some((type) => error instanceof type);
}

/** Name resolution (SRV) fails with Node's own errors. */
function isSystemError(error: Error): boolean {
  return 'syscall' in error;
}

function classifyServer(error: MongoServerError): Fault {
  const code = typeof error.code === 'number' ? error.code : 0;
  const reason = describeCode(code, error.codeName);
  if (isTransient(error)) return { kind: 'outage', reason };
  return classifyCode(code, reason, undefined);
}

function isTransient(error: MongoServerError): boolean {
  return (
    error.name === 'MongoWriteConcernError' ||
    error.hasErrorLabel('RetryableWriteError') ||
    error.hasErrorLabel('RetryableError') ||
    error.hasErrorLabel('TransientTransactionError')
  );
}

/** What an entry of `writeErrors` means. A duplicate of `_id` isn't a fault: ask `isDuplicateId` first. */
export function classifyWriteError(error: WriteError): Fault {
  return classifyCode(error.code, describeCode(error.code, undefined), indexName(error));
}

function classifyCode(code: number, reason: string, index: string | undefined): Fault {
  if (OUTAGE_CODES.has(code)) return { kind: 'outage', reason };
  if (REFUSED_CODES.has(code)) return { kind: 'refused', reason, code };
  if (code === DUPLICATE_KEY) {
    const text = `another document has the same value in the unique index ${index ?? '(name unknown)'}`;
    return { kind: 'content', code: 'DUPLICATE_KEY', reason: text, certain: false };
  }
  const known = CONTENT.get(code);
  if (known !== undefined) return { kind: 'content', ...known, certain: true };
  const text = `MongoDB refused the document: ${reason}`;
  return { kind: 'content', code: 'WRITE_REFUSED', reason: text, certain: false };
}

/** By the index, since another unique index gives the same code. */
export function isDuplicateId(error: WriteError): boolean {
  if (error.code !== DUPLICATE_KEY) return false;
  const names = Object.keys(error.keyPattern ?? {});
  return names.length === 1 && names[0] === '_id';
}

/** The server's text holds the duplicate values too; only the index's name is taken from it. */
function indexName(error: WriteError): string | undefined {
  return /index: (\S+) dup key/.exec(error.errmsg ?? '')?.[1];
}

function describeCode(code: number, name: unknown): string {
  return typeof name === 'string' ? `${name} (code ${code})` : `code ${code}`;
}
