import { createHash } from 'node:crypto';
import type { PipelineSettings } from './settings.js';

const HEX_DIGITS = 16;

/**
 * Of the settings that decide what is read and written. Two workers that differ in it must not share a run; limits, schedule,
 * addresses and secrets may differ. Of a transform its content counts, not its path. Depends neither on the order of keys nor
 * on whether a default was written out.
 */
export function fingerprintOf(pipeline: Omit<PipelineSettings, 'fingerprint'>, database: string): string {
  const { topics, group, collection, epoch, value, documentId, deletes, tombstoneWindowMs, start, until } =
    pipeline;
  const { onDataLoss, deadLetters } = pipeline;
  const { tolerate } = deadLetters;
  const target = { database, collection, deadLetters: { collection: deadLetters.collection, tolerate } };
  const source = { topics, group, epoch, start, until, onDataLoss };
  const { largeIntegers, envelope, dates, recordLimits, version } = pipeline;
  // Undefined leaves no trace in JSON: pipelines without a transform keep their fingerprint.
  const transform = pipeline.transform?.hash;
  const reading = { value, largeIntegers, envelope, dates, recordLimits, transform };
  const rules = { ...reading, documentId, version, deletes, tombstoneWindowMs };
  const text = canonicalJson({ target, source, rules });
  return createHash('sha256').update(text).digest('hex').slice(0, HEX_DIGITS);
}

/** JSON with sorted keys: equal values, equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
