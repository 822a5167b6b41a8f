/**
 * The one log stream: a JSON object per line on stderr, for our own entries, the Temporal SDK's and its native core's.
 * The fields are described in docs/metrics.md.
 */
import type { Logger, LogLevel, LogMetadata } from '@temporalio/common';
import { DrainError } from '../errors.js';

export type { Logger, LogLevel } from '@temporalio/common';

const LEVELS: readonly LogLevel[] = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'];
/** Under this symbol the SDK passes on when something really happened, in nanoseconds; it buffers entries to sort them. */
const TIMESTAMP = Symbol.for('log_timestamp');
const NANOSECONDS_PER_MS = 1_000_000n;

export interface LoggerOptions {
  /** Entries below are dropped. Default: INFO. */
  level?: LogLevel;
  /** Takes one line, with its line break. Default: stderr. */
  write?: (line: string) => void;
}

/** A logger that the Temporal SDK takes, too. Never throws. */
export function createLogger({ level = 'INFO', write = writeToStderr }: LoggerOptions = {}): Logger {
  const lowest = LEVELS.indexOf(level);
  const log = (entryLevel: LogLevel, message: string, fields?: LogMetadata): void => {
    if (LEVELS.indexOf(entryLevel) >= lowest) write(`${toLine(entryLevel, message, fields ?? {})}\n`);
  };
  return {
    log,
    trace: (message, fields) => log('TRACE', message, fields),
    debug: (message, fields) => log('DEBUG', message, fields),
    info: (message, fields) => log('INFO', message, fields),
    warn: (message, fields) => log('WARN', message, fields),
    error: (message, fields) => log('ERROR', message, fields),
  };
}

/** The level named by `LOG_LEVEL`, in any case; INFO where it names none. */
export function logLevelFrom(environment: Readonly<Record<string, string | undefined>>): LogLevel {
  const wanted = environment['LOG_LEVEL']?.toUpperCase();
  return LEVELS.find((level) => level === wanted) ?? 'INFO';
}

function writeToStderr(line: string): void {
  process.stderr.write(line);
}

function toLine(level: LogLevel, message: string, fields: LogMetadata): string {
  const head = { time: timeOf(fields).toISOString(), level, message };
  try {
    return JSON.stringify({ ...head, ...withoutHead(fields) }, toPlain);
  } catch {
    // something circular, or a getter that throws: the entry itself still counts
    return JSON.stringify(head);
  }
}

function timeOf(fields: LogMetadata): Date {
  const nanoseconds: unknown = fields[TIMESTAMP];
  return typeof nanoseconds === 'bigint' ? new Date(Number(nanoseconds / NANOSECONDS_PER_MS)) : new Date();
}

/** A field can't pass for the entry's own time, level or message. */
function withoutHead(fields: LogMetadata): Record<string, unknown> {
  const taken = ['time', 'level', 'message'];
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]: [string, unknown]) => [
      taken.includes(name) ? `_${name}` : name,
      value,
    ]),
  );
}

function toPlain(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (!(value instanceof Error)) return value;
  // an ApplicationFailure has its code in `type`
  const code = value instanceof DrainError ? value.code : 'type' in value ? value.type : undefined;
  return { name: value.name, code, message: value.message, cause: value.cause, stack: value.stack };
}
