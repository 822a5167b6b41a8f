/**
 * Buffers that are filled one after the other and used again: what is allocated outside of JavaScript's heap counts for its garbage
 * collector, which would run twice as often.
 */
export interface Slabs {
  /** The next one to fill; the one before is full. */
  next: () => Buffer;
  /**
   * Until the returned function is called, nothing that is written meanwhile is overwritten. Without any lease nothing ever is.
   */
  lease: () => () => void;
}

/** More than are in use at once where two partitions are handled, 4 MiB of each. */
const MAX_FREE = 12;

export function createSlabs(bytes: number): Slabs {
  const leases = new Set<symbol>();
  const free: Buffer[] = [];
  let current: Buffer | null = null;
  let full: { slab: Buffer; holders: Set<symbol> }[] = [];
  const release = (lease: symbol) => {
    leases.delete(lease);
    full = full.filter(({ slab, holders }) => {
      holders.delete(lease);
      if (holders.size > 0) return true;
      if (free.length < MAX_FREE) free.push(slab);
      return false;
    });
  };
  return {
    next: () => {
      if (current !== null && leases.size > 0) full.push({ slab: current, holders: new Set(leases) });
      current = free.pop() ?? Buffer.allocUnsafeSlow(bytes);
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
