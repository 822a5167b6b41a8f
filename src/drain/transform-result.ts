import { DrainError } from '../errors.js';
import { partitionName, type TopicPartition } from '../kafka/source.js';
import { measureForeign } from '../mongodb/storable.js';
import { bad, type BadRecord } from './bad-record.js';
import type { Fields } from './decode.js';

/** What becomes of a record's fields. */
export type Transformed = { kind: 'fields'; fields: Fields } | { kind: 'skip' } | BadRecord;

/** What a transform has returned, checked: everything that a decoded value is known to be, its result must be as well. */
export function resultOf(returned: unknown): Transformed {
  if (returned === null || returned === undefined) return { kind: 'skip' };
  if (!isLiteral(returned)) {
    return bad(
      'transform',
      'TRANSFORM_RESULT',
      `the transform returned ${kindOf(returned)}, not a plain object`,
    );
  }
  const fault = faultOf(returned);
  return fault === null
    ? { kind: 'fields', fields: returned }
    : bad(
        'transform',
        'TRANSFORM_RESULT',
        `the transform returned a document that can't be stored: ${fault}`,
      );
}

/**
 * What a transform has thrown; of an error its class alone, since the message may hold contents of the record.
 * Error: `TRANSFORM_UNAVAILABLE` where what was thrown says `retryable: true`: an outage is never the record's fault.
 */
export function thrownOf(record: TopicPartition & { offset: bigint }, error: unknown): BadRecord {
  if (!saysRetryable(error))
    return bad('transform', 'TRANSFORM_FAILED', `the transform threw ${classOf(error)}`);
  throw new DrainError(
    'TRANSFORM_UNAVAILABLE',
    `${partitionName(record)} offset ${String(record.offset)}: the transform threw ${classOf(error)} and says that it is ` +
      'retryable. What was committed is kept; the next attempt calls it again for this record.',
  );
}

/** Getters and proxies run code that may fail. */
function saysRetryable(error: unknown): boolean {
  try {
    return typeof error === 'object' && error !== null && 'retryable' in error && error.retryable === true;
  } catch {
    return false;
  }
}

const CLASS_NAME = /^[A-Za-z_$][\w$]{0,59}$/;

/** The class of an error, which tells nothing of what was handled when it was thrown. */
export function classOf(error: unknown): string {
  if (!(error instanceof Error)) return 'something that is no error';
  // Not its own property: people copy a record's fields into errors.
  const { name } = (Object.getPrototypeOf(error) as Error).constructor;
  return CLASS_NAME.test(name) ? name : 'an error';
}

/** What `{ … }` makes: no value of a class, nor of BSON. */
function isLiteral(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && !('_bsontype' in value);
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object of a class' : `a ${typeof value}`;
}

/** Getters and proxies run code that may fail. */
function faultOf(document: Record<string, unknown>): string | null {
  try {
    if (Object.keys(document)[0]?.startsWith('$')) return "its first field's name begins with $";
    return measureForeign(document).fault;
  } catch {
    return "a field can't be read";
  }
}
