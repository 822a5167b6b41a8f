/** A transform outside of a drain's thread, where nobody can terminate it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createContext, Script } from 'node:vm';
import { bad, type BadRecord } from '../drain/bad-record.js';
import type { Transformed } from '../drain/transform-result.js';
import { createTransformCall, type TransformStep } from '../drain/transform-step.js';
import type { Transform } from '../transform.js';

/**
 * The transform alone, each call cut off after the limit: V8's watchdog ends even a loop that never gives the event loop a turn.
 * Such a record is bad, `KILLED_DRAIN`, as in a drain. Memory has no limit here.
 */
export function createLimitedCall(transform: Transform, limitMs: number): TransformStep {
  const call = createTransformCall(transform);
  const script = new Script('call()');
  return (record, fields) => {
    try {
      const context = createContext({ call: () => call(record, fields) });
      const transformed = script.runInContext(context, { timeout: limitMs }) as ReturnType<TransformStep>;
      return transformed instanceof Promise ? settledInTime(transformed, limitMs) : transformed;
    } catch (error) {
      if (isTimeout(error)) return cutOff(limitMs);
      throw error;
    }
  };
}

/** The error is of the script's own context: none of this one's classes. */
function isTimeout(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  );
}

async function settledInTime(transformed: Promise<Transformed>, limitMs: number): Promise<Transformed> {
  const settled = new AbortController();
  try {
    return await Promise.race([transformed, sleep(limitMs, cutOff(limitMs), { signal: settled.signal })]);
  } finally {
    settled.abort();
  }
}

function cutOff(limitMs: number): BadRecord {
  return bad(
    'transform',
    'KILLED_DRAIN',
    `the transform did not settle within ${String(limitMs / 1000)} s and was cut off`,
  );
}
