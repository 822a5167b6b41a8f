import { compareVersions, type Version } from './fold.js';
import { violation, type Violation } from './violation.js';

/** I3 while it lasts: fed with every version that a document id was given, in the order in which the database applied them. */
export interface VersionWatch {
  see: (id: string, version: Version, deleted: boolean) => void;
  /** How many it was told. */
  seen: () => number;
  violation: () => Violation | null;
}

export function createVersionWatch(): VersionWatch {
  const newest = new Map<string, { version: Version; deleted: boolean }>();
  let found: Violation | null = null;
  let seen = 0;
  return {
    see: (id, version, deleted) => {
      seen += 1;
      const known = newest.get(id);
      newest.set(id, { version, deleted });
      if (known === undefined || compareVersions(known.version, version) <= 0) return;
      const back = known.deleted && !deleted ? ', and is no longer deleted' : '';
      const step = `${placeOf(known.version)} back to ${placeOf(version)}`;
      found ??= violation('I3', `document ${id} went from ${step}${back}`);
    },
    seen: () => seen,
    violation: () => found,
  };
}

function placeOf({ partition, offset }: Version): string {
  return `${partition} offset ${String(offset)}`;
}
