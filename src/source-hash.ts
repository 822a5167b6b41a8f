import { createHash } from 'node:crypto';

/**
 * The first 16 hex digits of the SHA-256 of a function's source. A patch of somebody else's code compares them with those of the
 * source that it was written against.
 */
export function sourceHash(method: unknown): string {
  return createHash('sha256').update(String(method)).digest('hex').slice(0, 16);
}
