import { statSync } from 'node:fs';

/** The bit of a file's mode. */
const READABLE_BY_OTHERS = 0o004;

/** Whether every user of this machine may read a file; one that isn't there is no secret. */
export function isWorldReadable(path: string): boolean {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  return (mode & READABLE_BY_OTHERS) !== 0;
}
