/** Where in the configuration a mistake is: keys and indexes from the root. */
export type Path = readonly (string | number)[];

/** One mistake of the configuration, before its place in the file is known. */
export interface Problem {
  path: Path;
  /** What is wrong and what is allowed. Never contains a value. */
  text: string;
  /** Whether the key itself is the mistake, not its value. */
  atKey?: boolean;
}

/** `pipelines.orders.limits.budget`, `kafka.brokers[0]`. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

/** Whether `path` is `prefix` or lies below it. */
export function isWithin(path: Path, prefix: Path): boolean {
  return prefix.every((part, index) => path[index] === part);
}

/** The candidate a typist most probably meant, or `null` where none is near. */
export function nearest(word: string, candidates: readonly string[]): string | null {
  const limit = Math.max(1, Math.floor(word.length / 3));
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate ?? null;
}

/** Levenshtein's, with a swap of neighbours as one step (optimal string alignment). */
function editDistance(a: string, b: string): number {
  const cell = (row: readonly number[] | undefined, column: number): number => row?.[column] ?? Infinity;
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = cell(rows[i - 1], j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swaps = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = swaps ? cell(rows[i - 2], j - 2) + 1 : Infinity;
      row.push(Math.min(cell(rows[i - 1], j) + 1, cell(row, j - 1) + 1, replaced, swapped));
    }
    rows.push(row);
  }
  return cell(rows[a.length], b.length);
}
