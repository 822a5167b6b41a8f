/** Of 100 they cost two to three times as much per record, of 2,000 a tenth more. */
const MAX_ITEMS = 4_000;
/** Of fewer, two commands cost more than it saves to have both under way. */
const LEAST_ITEMS = 500;
/** Far below the 16 MiB + 16 KiB of a command, so that its buffer is one that is kept (`raw-documents.ts`); a larger document goes alone. */
const MAX_BYTES = 5 * 1024 * 1024;

/** Cuts into slices, in order, each fit for one command, and of about as many items as the others. */
export function toSlices<T extends { bytes: number }>(
  items: readonly T[],
  maxItems = MAX_ITEMS,
  maxBytes = MAX_BYTES,
): T[][] {
  const most = Math.ceil(items.length / Math.ceil(items.length / maxItems));
  const slices: T[][] = [];
  let from = 0;
  let bytes = 0;
  let index = 0;
  for (const item of items) {
    if (index > from && (index - from >= most || bytes + item.bytes > maxBytes)) {
      slices.push(items.slice(from, index));
      from = index;
      bytes = 0;
    }
    bytes += item.bytes;
    index += 1;
  }
  if (items.length > from) slices.push(items.slice(from));
  return slices;
}

/** How many items a slice may have so that there are two at least, for MongoDB to handle side by side, where they are enough for that. */
export function halfOf(items: number): number {
  return items < 2 * LEAST_ITEMS ? MAX_ITEMS : Math.min(MAX_ITEMS, Math.ceil(items / 2));
}
