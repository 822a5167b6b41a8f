/**
 * The types of a pipeline's own step, for whoever writes one. In JavaScript:
 *
 * ```js
 * /** @type {import('kafka-drain/transform').Transform<{ total: number, test?: boolean }>} *\/
 * export const transform = ({ value, timestamp }) =>
 *   value.test ? null : { ...value, total: value.total / 100, orderedAt: timestamp };
 * ```
 *
 * In TypeScript: `import type { Transform } from 'kafka-drain/transform'`.
 */

/** One decoded record. All of it is the transform's own: it may be changed and kept. */
export interface TransformRecord<Value extends object = Record<string, unknown>> {
  topic: string;
  partition: number;
  offset: bigint;
  /** `null`: the record has none. */
  timestamp: Date | null;
  key: Buffer | null;
  headers: { name: string; value: Buffer | null }[];
  /** Decoded by the pipeline's rules, with `dates` converted; never a tombstone's. */
  value: Value;
}

/** A document of its own for each record, as a plain object; `null` or nothing: the record is skipped. */
// An interface that somebody wrote for a document has no index signature and wouldn't be a Record.
export type TransformResult = object | null | undefined;

/**
 * Called once for each record that isn't a tombstone, before the document id is made; perhaps again after a failure, so that
 * side effects may happen more than once. What it throws makes the record a dead letter, unless it has the property
 * `retryable: true`: an outage, which fails the attempt, so that the record is tried again.
 */
export type Transform<Value extends object = Record<string, unknown>> = (
  record: TransformRecord<Value>,
) => TransformResult | Promise<TransformResult>;
