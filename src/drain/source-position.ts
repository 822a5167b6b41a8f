/** The place of a change in the log of the database it comes from, as Debezium's connectors describe it in `source`. */
import type { VersionValue } from '../mongodb/sink.js';
import { toVersionValue } from '../mongodb/version-values.js';
import { unwrapped } from '../mongodb/values.js';
import { bad, type BadRecord } from './bad-record.js';
import type { Fields } from './decode.js';

type Part = VersionValue | null;
/** `null`: the event doesn't say. */
type Position = Part[] | null;

/**
 * Positions of one source compare as arrays do, part by part. They are those of one server's log: after a switch to another
 * server, or a restored backup, the pipeline's epoch says that everything older is older.
 */
const POSITIONS: ReadonlyMap<string, (source: Fields) => Position> = new Map([
  ['mysql', ofBinlog],
  ['mariadb', ofBinlog],
  ['postgresql', (source: Fields) => all([integerOf(source['lsn'])])],
  ['mongodb', ofOplog],
  ['sqlserver', ofLsnTexts],
  ['db2', ofLsnTexts],
  ['oracle', (source: Fields) => all([integerOf(source['scn'])])],
]);

/**
 * Of rows that an incremental snapshot reads beside the log: the connectors give them no position (PostgreSQL's since DBZ-4329),
 * or none of the row's. Older than any change, which is safe: a row that differs from what its last change said has another
 * change in the log.
 */
const BEFORE_ALL: Position = [];

/** Error codes: `VERSION_MISSING`, and `ENVELOPE_UNSUPPORTED` for a connector whose positions aren't known here. */
export function positionOf(source: Fields | null): { kind: 'value'; value: VersionValue } | BadRecord {
  const connector = source?.['connector'];
  if (source === null || typeof connector !== 'string') {
    return bad(
      'version',
      'VERSION_MISSING',
      'the change event does not name its connector (source.connector)',
    );
  }
  const read = POSITIONS.get(connector);
  if (read === undefined) {
    return bad(
      'version',
      'ENVELOPE_UNSUPPORTED',
      `\`version: source\` knows the connectors ${[...POSITIONS.keys()].join(', ')}, and the event comes from another`,
    );
  }
  const value = source['snapshot'] === 'incremental' ? BEFORE_ALL : read(source);
  return value === null
    ? bad(
        'version',
        'VERSION_MISSING',
        `the change event of the ${connector} connector has no position in its source`,
      )
    : { kind: 'value', value };
}

function all(parts: Part[]): Position {
  return parts.includes(null) ? null : parts;
}

/** The file by its number: `mysql-bin.1000000` comes after `mysql-bin.999999`. */
function ofBinlog({ file, pos, row }: Fields): Position {
  const number = typeof file === 'string' ? /\.(\d+)$/.exec(file)?.[1] : undefined;
  return all([integerOf(number), integerOf(pos), integerOf(row ?? 0)]);
}

/** The two parts of the oplog's timestamp: its second (older versions say `sec` or `ts_sec`) and the ordinal in it. */
function ofOplog({ ts_ms: ms, ts_sec: seconds, ord }: Fields): Position {
  const fromSeconds = integerOf(seconds);
  return all([
    integerOf(ms) ?? (typeof fromSeconds === 'bigint' ? fromSeconds * 1000n : null),
    integerOf(ord),
  ]);
}

/**
 * Hexadecimal texts of fixed length. Rows of a snapshot have the position of its commit alone, which makes them older than any
 * change of it.
 */
function ofLsnTexts({ commit_lsn: commit, change_lsn: change, event_serial_no: serial }: Fields): Position {
  return isLsn(commit) ? [commit, isLsn(change) ? change : null, integerOf(serial)] : null;
}

function isLsn(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-fA-F:]+$/.test(value);
}

/** Of a number, or of a text of digits. */
function integerOf(wrapped: unknown): Part {
  const value = unwrapped(wrapped);
  if (typeof value === 'string') return /^\d{1,34}$/.test(value) ? toVersionValue(BigInt(value)) : null;
  // digits that a double has lost would make two places one
  return typeof value === 'bigint' || Number.isSafeInteger(value) ? toVersionValue(value) : null;
}
