/** The kinds of value a configuration file is made of. Each schema's error text says what is allowed there. */
import { z } from 'zod';
import { DURATION_PATTERN, formatDuration, parseDuration } from './duration.js';

/** A mapping that refuses unknown keys; the text of that issue is the list of known ones, for `validate` to suggest from. */
export function mapping<Shape extends z.ZodRawShape>(
  shape: Shape,
  description: string,
): z.ZodObject<Shape, z.core.$strict> {
  const keys = Object.keys(shape).join(', ');
  return z
    .strictObject(shape, {
      error: (issue) => (issue.code === 'unrecognized_keys' ? keys : `a mapping with the keys ${keys}`),
    })
    .describe(description);
}

export interface TextRule {
  pattern: RegExp;
  allowed: string;
}

/** Non-empty text. */
export function text(description: string, rule: TextRule = { pattern: /\S/, allowed: 'a text' }) {
  const error = rule.allowed;
  return z.string({ error }).regex(rule.pattern, { error }).describe(description);
}

/** One of a closed list of words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words, description: string) {
  return z.enum(words, { error: `one of ${words.join(', ')}` }).describe(description);
}

export interface Bounds {
  min: number;
  max: number;
}

/** A whole number; as text too, since `${ENV}` brings texts. */
export function integer(bounds: Bounds, description: string) {
  const error = `a whole number from ${bounds.min} to ${bounds.max}`;
  const toNumber = (value: unknown): unknown =>
    typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value;
  return z
    .preprocess(toNumber, z.int({ error }).min(bounds.min, { error }).max(bounds.max, { error }))
    .meta({ type: 'integer', description });
}

/** A number from 0 to 1; as text too, since `${ENV}` brings texts. */
export function share(description: string) {
  const error = 'a number from 0 to 1';
  const toNumber = (value: unknown): unknown =>
    typeof value === 'string' && /^[01](?:\.\d{1,9})?$/.test(value) ? Number(value) : value;
  return z
    .preprocess(toNumber, z.number({ error }).min(0, { error }).max(1, { error }))
    .meta({ type: 'number', description });
}

/** `true` or `false`; as text too, since `${ENV}` brings texts. */
export function flag(description: string) {
  const words: Readonly<Record<string, boolean>> = { true: true, false: false };
  const toBoolean = (value: unknown): unknown =>
    typeof value === 'string' ? (words[value] ?? value) : value;
  return z
    .preprocess(toBoolean, z.boolean({ error: 'true or false' }))
    .meta({ type: 'boolean', description });
}

const YEAR_MS = 365 * 86_400_000;

/** A duration; milliseconds come out. */
export function duration(description: string, bounds: Partial<Bounds> = {}) {
  const { min = 1, max = YEAR_MS } = bounds;
  const range =
    min > 1 ? ` from ${formatDuration(min)} to ${formatDuration(max)}` : ` up to ${formatDuration(max)}`;
  const error = `a duration (like 5m, 1m30s, 2h or 500ms)${range}`;
  return z
    .string({ error })
    .transform((written, context) => {
      const durationMs = parseDuration(written);
      if (durationMs !== null && durationMs >= min && durationMs <= max) return durationMs;
      context.addIssue({ code: 'custom', message: error });
      return z.NEVER;
    })
    .meta({ description, pattern: DURATION_PATTERN });
}

export const ADDRESS_PATTERN =
  /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):(\d{1,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$/;

/** `host:port`, or `null`: off. */
export function address(description: string) {
  const error = 'an address host:port, for instance 127.0.0.1:8080, or null';
  return z.string({ error }).regex(ADDRESS_PATTERN, { error }).nullable().describe(description);
}
