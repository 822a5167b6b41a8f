/**
 * Durations as people write them: `500ms`, `30s`, `4m`, `1m30s`, `2h`, `7d`; units from large to small, each at most once.
 * Parsed here, once: Temporal's own duration strings know no `4m30s`, and workflow code given one fails for ever.
 */

const UNITS = [
  { suffix: 'd', ms: 86_400_000 },
  { suffix: 'h', ms: 3_600_000 },
  { suffix: 'm', ms: 60_000 },
  { suffix: 's', ms: 1_000 },
  { suffix: 'ms', ms: 1 },
] as const;

/** As a regular expression, for the parser and for the JSON Schema; the look-ahead refuses the empty string. */
export const DURATION_PATTERN = '^(?=\\d)(?:(\\d+)d)?(?:(\\d+)h)?(?:(\\d+)m(?!s))?(?:(\\d+)s)?(?:(\\d+)ms)?$';

const DURATION = new RegExp(DURATION_PATTERN);

/** Milliseconds, or `null` where the text is no duration. */
export function parseDuration(text: string): number | null {
  const match = DURATION.exec(text);
  if (match === null) return null;
  const total = UNITS.reduce((sum, { ms }, index) => sum + Number(match[index + 1] ?? 0) * ms, 0);
  return Number.isSafeInteger(total) ? total : null;
}

/** The shortest text that `parseDuration` reads back as the same number. */
export function formatDuration(durationMs: number): string {
  let rest = durationMs;
  let text = '';
  for (const { suffix, ms } of UNITS) {
    const count = Math.floor(rest / ms);
    if (count > 0) text += `${count}${suffix}`;
    rest -= count * ms;
  }
  return text === '' ? '0s' : text;
}
