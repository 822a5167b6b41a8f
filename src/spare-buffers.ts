/**
 * Buffers that are used again: what is allocated outside of JavaScript's heap counts for its garbage collector, and what it hasn't
 * collected yet counts for the process.
 */
export interface SpareBuffers {
  /** One of so many bytes, or more, whatever is in it. */
  take: (bytes: number) => Buffer;
  /** Nothing of it is read any more. Of memory that was not taken here, or is given back already, nothing happens. */
  giveBack: (memory: ArrayBufferLike) => void;
}

export interface SpareLimits {
  /** How many are kept, the largest. */
  most: number;
  /** Bytes of one that is kept. */
  longest: number;
  /** Bytes that lengths are rounded up to, so that those of about one length share buffers. */
  step: number;
}

export function createSpareBuffers({ most, longest, step }: SpareLimits): SpareBuffers {
  /** The largest first. */
  const free: Buffer[] = [];
  const lent = new WeakSet<ArrayBufferLike>();
  return {
    take: (bytes) => {
      const at = free.findLastIndex(({ length }) => length >= bytes);
      const [kept] = at === -1 ? [] : free.splice(at, 1);
      const taken = kept ?? Buffer.allocUnsafeSlow(Math.ceil(bytes / step) * step);
      lent.add(taken.buffer);
      return taken;
    },
    giveBack: (memory) => {
      if (!lent.delete(memory) || memory.byteLength > longest) return;
      free.push(Buffer.from(memory));
      free.sort((a, b) => b.length - a.length);
      free.length = Math.min(free.length, most);
    },
  };
}
