import { isUtf8 } from 'node:buffer';

/** The text of UTF-8 bytes, a byte order mark kept as it is; `null` when they are not UTF-8. */
export function utf8TextOf(bytes: Buffer): string | null {
  return isUtf8(bytes) ? bytes.toString('utf8') : null;
}
