/** Bytes of a record, for people and for JSON. */
import { isUtf8 } from 'node:buffer';

/** As text where they are UTF-8. */
export type ShownBytes = { text: string } | { base64: string };

/** `null`: there are none. */
export function describeBytes(bytes: Buffer | null): ShownBytes | null {
  if (bytes === null) return null;
  return isUtf8(bytes) ? { text: bytes.toString('utf8') } : { base64: bytes.toString('base64') };
}

/** Text that can't steer the terminal of whoever looks at it: control characters, but line breaks and tabs, as escapes. */
export function printable(text: string): string {
  return text.replaceAll(
    /[^\P{Cc}\n\t]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
