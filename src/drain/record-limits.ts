import type { PipelineSettings } from '../config/settings.js';
import { CHARACTERS_PER_KEY, endOfString } from '../mongodb/json-text.js';
import { bad, type BadRecord } from './bad-record.js';

export type RecordLimits = PipelineSettings['recordLimits'];

/** Which of the limits of shape a value breaks. */
export type ShapeFault = 'TOO_DEEP' | 'TOO_MANY_KEYS';

const QUOTE = 0x22;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Whether the value has more bytes than the pipeline takes. */
export function sizeFault({ maxBytes }: RecordLimits, value: Buffer): BadRecord | null {
  if (value.length <= maxBytes) return null;
  return bad(
    'decode',
    'TOO_LARGE',
    `the value has ${String(value.length)} bytes, and recordLimits.maxBytes is ${String(maxBytes)}`,
  );
}

/**
 * Whether a JSON text has more levels or keys than the pipeline takes, told from the text alone: nothing is built. A text that
 * isn't JSON may pass; the parser refuses it.
 */
export function jsonShapeFault(limits: RecordLimits, text: string): BadRecord | null {
  const { maxDepth, maxKeys } = limits;
  // Hardly any record could break a limit, and to see that costs a few nanoseconds.
  if (text.length < CHARACTERS_PER_KEY * maxKeys && !opensMore(text, maxDepth)) return null;
  const fault = scanJson(text, limits);
  return fault === null ? null : shapeFault(limits, fault);
}

export function shapeFault({ maxDepth, maxKeys }: RecordLimits, fault: ShapeFault): BadRecord {
  const reasons: Record<ShapeFault, string> = {
    TOO_DEEP: `the value is nested in more than ${String(maxDepth)} levels (recordLimits.maxDepth)`,
    TOO_MANY_KEYS: `the value has more than ${String(maxKeys)} keys (recordLimits.maxKeys)`,
  };
  return bad('decode', fault, reasons[fault]);
}

/** Whether there are more opening brackets than this, those in texts included: no nesting can have more levels. */
function opensMore(text: string, limit: number): boolean {
  let left = limit;
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      if (left === 0) return true;
      left -= 1;
    }
  }
  return false;
}

function scanJson(text: string, { maxDepth, maxKeys }: RecordLimits): ShapeFault | null {
  let depth = 0;
  let keys = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at + 1);
        break;
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        depth += 1;
        if (depth > maxDepth) return 'TOO_DEEP';
        break;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        depth -= 1;
        break;
      case COLON:
        keys += 1;
        if (keys > maxKeys) return 'TOO_MANY_KEYS';
        break;
    }
  }
  return null;
}
