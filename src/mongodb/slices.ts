/** Of 100 they cost two to three times as much per record, of 2,000 a tenth more. */
const MAX_ITEMS = 4_000;
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
