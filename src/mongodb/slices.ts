/** Of 100 they cost two to three times as much per record, of 2,000 a tenth more. */
const MAX_ITEMS = 4_000;
/** Of fewer, two commands cost more than it saves to have both under way. */
const LEAST_ITEMS = 500;
/** A command must stay under 16 MiB + 16 KiB; a larger document goes alone. */
const MAX_BYTES = 8 * 1024 * 1024;

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

/** How many items a slice may have so that there are two or more, for MongoDB to handle side by side. */
export function halfOf(items: number): number {
  return Math.min(MAX_ITEMS, Math.max(LEAST_ITEMS, Math.ceil(items / 2)));
}
