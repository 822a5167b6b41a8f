/** Plain text tables. */
import { stripVTControlCharacters } from 'node:util';
import { formatDuration } from '../config/duration.js';

export type Cell = string | number | null;

const GAP = '  ';
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** Above `59.9s` a tenth of a second would be rounded to `60.0s`. */
const ROUNDED_MS = 50;

/** Aligned columns; numbers to the right with thousands separated, `null` as a dash. */
export function table(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const texts = rows.map((row) => row.map(cellText));
  const widths = header.map((title, column) =>
    Math.max(title.length, ...texts.map((row) => widthOf(row[column] ?? ''))),
  );
  const right = header.map((_, column) => rows.some((row) => typeof row[column] === 'number'));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => pad(cell, widths[column] ?? 0, right[column] ?? false))
      .join(GAP)
      .trimEnd();
  return [line(header), ...texts.map(line)].join('\n');
}

function cellText(cell: Cell): string {
  if (cell === null) return '–';
  return typeof cell === 'number' ? count(cell) : cell;
}

/** `1234567` → `1,234,567`, whatever the machine's language. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** For people, to about three digits: `846ms`, `1.8s`, `4m12s`. */
export function elapsed(durationMs: number): string {
  if (durationMs < SECOND_MS) return `${durationMs}ms`;
  if (durationMs < MINUTE_MS - ROUNDED_MS) return `${(durationMs / SECOND_MS).toFixed(1)}s`;
  return formatDuration(Math.round(durationMs / SECOND_MS) * SECOND_MS);
}

// colours take no room
function widthOf(text: string): number {
  return Array.from(stripVTControlCharacters(text)).length;
}

function pad(text: string, width: number, right: boolean): string {
  const blanks = ' '.repeat(Math.max(0, width - widthOf(text)));
  return right ? blanks + text : text + blanks;
}
