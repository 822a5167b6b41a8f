import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DrainError } from '../../src/errors.js';
import { createLogger, logLevelFrom, type LoggerOptions } from '../../src/telemetry/logger.js';

type Entry = Record<string, unknown>;

/** A logger whose lines are kept. */
function recording(options: Omit<LoggerOptions, 'write'> = {}) {
  const lines: string[] = [];
  const logger = createLogger({ ...options, write: (line) => lines.push(line) });
  return { logger, lines, entries: () => lines.map((line) => JSON.parse(line) as Entry) };
}

describe('a log entry', () => {
  test('is one line of JSON with time, level and message first, then its fields', () => {
    const { logger, lines } = recording();
    logger.info('run\nplanned', { pipeline: 'orders', lag: 12 });
    assert.equal(lines.length, 1);
    assert.match(
      lines[0] ?? '',
      /^\{"time":"\d{4}-\d\d-\d\dT[\d:.]+Z","level":"INFO","message":"run\\nplanned","pipeline":"orders","lag":12\}\n$/,
    );
  });

  test('keeps the time at which the SDK says it happened', () => {
    const { logger, entries } = recording();
    logger.info('late', { [Symbol.for('log_timestamp')]: 1_767_225_600_000_000_000n });
    assert.equal(entries()[0]?.['time'], '2026-01-01T00:00:00.000Z');
  });

  test("can't be made to look like another by its fields", () => {
    const { logger, entries } = recording();
    logger.warn('real', { message: 'forged', level: 'INFO', time: 'now' });
    const [{ time, ...entry } = {}] = entries();
    assert.notEqual(time, 'now');
    assert.deepEqual(entry, {
      level: 'WARN',
      message: 'real',
      _message: 'forged',
      _level: 'INFO',
      _time: 'now',
    });
  });

  test('shows errors with their code and cause', () => {
    const { logger, entries } = recording();
    const cause = new Error('socket closed');
    logger.error('attempt failed', { error: new DrainError('KAFKA_UNAVAILABLE', 'no broker', { cause }) });
    const error = entries()[0]?.['error'] as Entry;
    assert.deepEqual([error['code'], error['message']], ['KAFKA_UNAVAILABLE', 'no broker']);
    assert.equal((error['cause'] as Entry)['message'], 'socket closed');
  });

  test('shows 64-bit offsets as decimal strings', () => {
    const { logger, entries } = recording();
    logger.info('committed', { offset: 9_007_199_254_740_993n });
    assert.equal(entries()[0]?.['offset'], '9007199254740993');
  });

  test('is written without its fields where they are circular', () => {
    const { logger, entries } = recording();
    const circular: Entry = {};
    circular['self'] = circular;
    logger.info('odd', { circular });
    assert.equal(entries()[0]?.['message'], 'odd');
  });

  test('below the level is dropped', () => {
    const { logger, entries } = recording({ level: 'WARN' });
    logger.trace('t');
    logger.debug('d');
    logger.info('i');
    logger.warn('w');
    logger.error('e');
    assert.deepEqual(
      entries().map(({ message }) => message),
      ['w', 'e'],
    );
  });
});

describe('LOG_LEVEL', () => {
  test('names the lowest level, in any case; INFO where it names none', () => {
    assert.equal(logLevelFrom({ LOG_LEVEL: 'debug' }), 'DEBUG');
    assert.equal(logLevelFrom({ LOG_LEVEL: 'loud' }), 'INFO');
    assert.equal(logLevelFrom({}), 'INFO');
  });
});
