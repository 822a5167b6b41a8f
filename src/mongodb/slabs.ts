/**
 * Buffers that are filled one after the other and used again: what is allocated outside of JavaScript's heap counts for its garbage
 * collector, which would run twice as often.
 */
export interface Slabs {
  /** The next one to fill, of so many bytes at least; the one before is full. */
  next: (least?: number) => Buffer;
  /**
   * Until the returned function is called, nothing that is written meanwhile is overwritten. Without any lease nothing ever is.
   */
  lease: () => () => void;
}

/** How many of the usual length are kept: more than are in use at once where two partitions are handled, 4 MiB of each. */
const MOST_FREE = 12;

/** @param bytes the usual length; where more is needed, a slab has that. */
export function createSlabs(bytes: number): Slabs {
  const leases = new Set<symbol>();
  const free: Buffer[] = [];
  /** The longest first, of which short values take the last that is long enough. */
  const keep = (slab: Buffer) => {
    if (slab.length > MOST_FREE * bytes) return;
    free.push(slab);
    free.sort((a, b) => b.length - a.length);
    let kept = free.reduce((sum, { length }) => sum + length, 0);
    for (; kept > MOST_FREE * bytes; kept -= free.pop()?.length ?? kept);
  };
  let current: Buffer | null = null;
  let full: { slab: Buffer; holders: Set<symbol> }[] = [];
  const release = (lease: symbol) => {
    leases.delete(lease);
    full = full.filter(({ slab, holders }) => {
      holders.delete(lease);
      if (holders.size > 0) return true;
      keep(slab);
      return false;
    });
  };
  return {
    next: (least = bytes) => {
      if (current !== null && leases.size > 0) full.push({ slab: current, holders: new Set(leases) });
      const at = free.findLastIndex(({ length }) => length >= least);
      const [kept] = at === -1 ? [] : free.splice(at, 1);
      current = kept ?? Buffer.allocUnsafeSlow(Math.max(bytes, least));
      return current;
    },
    lease: () => {
      const lease = Symbol('lease');
      leases.add(lease);
      return () => {
        release(lease);
      };
    },
  };
}
