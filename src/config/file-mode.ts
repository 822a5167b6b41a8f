import { statSync } from 'node:fs';

/** What a warning says of such a file. */
export const WORLD_READABLE = 'every user of this machine can read the file; chmod 600 it';

/** The bit of a file's mode. */
const READABLE_BY_OTHERS = 0o004;

/** Whether every user of this machine may read a file; one that isn't there is no secret. */
export function isWorldReadable(path: string): boolean {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  return (mode & READABLE_BY_OTHERS) !== 0;
}
