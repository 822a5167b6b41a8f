import type { Variant } from '../episode.js';
import { killVariants } from './kills.js';

/** Everything that `npm run faults` can do, in the order of the table. */
export const VARIANTS: readonly Variant[] = [...killVariants];

/** `F1 after-write`: how a variant is called on the command line and in the results. */
export function nameOf({ fault, name }: Variant): string {
  return `${fault} ${name}`;
}
