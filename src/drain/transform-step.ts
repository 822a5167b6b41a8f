import { setImmediate as turn } from 'node:timers/promises';
import type { Suspect } from '../contract.js';
import { partitionName, type KafkaRecord } from '../kafka/source.js';
import type { Transform, TransformRecord } from '../transform.js';
import { bad, type BadRecord } from './bad-record.js';
import type { Fields } from './decode.js';
import type { CallNotes } from './transform-calls.js';
import { resultOf, thrownOf, type Transformed } from './transform-result.js';

/** The user's step for one record. Synchronous where the transform is: most records are turned at once. */
export type TransformStep = (record: KafkaRecord, fields: Fields) => Transformed | Promise<Transformed>;

/** What a drain adds to a transform, so that no record can end every attempt. */
export interface TransformWatch {
  notes: CallNotes;
  /** Records whose transform was under way when earlier attempts of the run were killed. */
  suspects: readonly Suspect[];
  /** Monotonic, milliseconds. */
  clock: () => number;
  /** A sign of life. */
  alive: () => void;
}

/** After so many killed attempts a record's transform is called no more. */
const KILLS = 2;
/** For how long records are turned without giving the event loop a turn: Kafka's heartbeats need one. */
const LONGEST_STRETCH_MS = 200;

/** The step as a drain takes it. While there are suspects one call is under way at a time, so that a second kill tells which. */
export function createTransformStep(transform: Transform, watch: TransformWatch): TransformStep {
  const noted = noting(createTransformCall(transform), watch.notes);
  const steady = breathing(watch.suspects.length > 0 ? oneCallAtATime(noted) : noted, watch);
  return refusing(steady, watch.suspects);
}

/** The transform alone: call and check. Error: `TRANSFORM_UNAVAILABLE`. */
export function createTransformCall(transform: Transform): TransformStep {
  return (record, fields) => {
    try {
      // What it gives back is only said to be of the type.
      const returned: unknown = transform(recordFor(record, fields));
      return isThenable(returned)
        ? Promise.resolve(returned)
            .then(resultOf)
            .catch((error: unknown) => thrownOf(record, error))
        : resultOf(returned);
    } catch (error) {
      return thrownOf(record, error);
    }
  };
}

/** Key and headers are slices of a whole fetch, whose memory is used again, and a transform may keep what it gets. */
function recordFor(record: KafkaRecord, fields: Fields): TransformRecord {
  const { topic, partition, offset, timestampMs, key, headers } = record;
  return {
    ...{ topic, partition, offset },
    timestamp: timestampMs < 0 ? null : new Date(timestampMs),
    key: copyOf(key),
    headers: headers.map(({ name, value }) => ({ name, value: copyOf(value) })),
    value: fields,
  };
}

function copyOf(bytes: Buffer | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function noting(step: TransformStep, { began, ended }: CallNotes): TransformStep {
  return (record, fields) => {
    const partition = partitionName(record);
    began(partition, record.offset);
    let transformed: Transformed | Promise<Transformed> | null = null;
    try {
      transformed = step(record, fields);
    } finally {
      if (!(transformed instanceof Promise)) ended(partition);
    }
    if (!(transformed instanceof Promise)) return transformed;
    return transformed.finally(() => {
      ended(partition);
    });
  };
}

function oneCallAtATime(step: TransformStep): TransformStep {
  let last: Promise<unknown> = Promise.resolve();
  return (record, fields) => {
    const mine = last.then(() => step(record, fields));
    last = mine;
    return mine;
  };
}

/** A batch may take long although every record of it is turned quickly. */
function breathing(step: TransformStep, { clock, alive }: TransformWatch): TransformStep {
  let lastMs = clock();
  const breathe = (transformed: Transformed): Transformed | Promise<Transformed> => {
    const now = clock();
    if (now - lastMs < LONGEST_STRETCH_MS) return transformed;
    alive();
    lastMs = now;
    return turn(transformed);
  };
  return (record, fields) => {
    const transformed = step(record, fields);
    return transformed instanceof Promise ? transformed.then(breathe) : breathe(transformed);
  };
}

/** A record that has ended attempt after attempt ends no further one. */
function refusing(step: TransformStep, suspects: readonly Suspect[]): TransformStep {
  const killers = new Set(suspects.filter(({ kills }) => kills >= KILLS).map(nameOf));
  if (killers.size === 0) return step;
  return (record, fields) => {
    const name = nameOf({ partition: partitionName(record), offset: String(record.offset) });
    return killers.has(name) ? killedDrain() : step(record, fields);
  };
}

function nameOf({ partition, offset }: Pick<Suspect, 'partition' | 'offset'>): string {
  return `${partition} ${offset}`;
}

function killedDrain(): BadRecord {
  return bad(
    'transform',
    'KILLED_DRAIN',
    `the transform of this record has ended ${String(KILLS)} attempts of the run: it never returned, or used up the memory`,
  );
}
