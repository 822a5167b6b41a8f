import type { Variant } from '../episode.js';
import { invisibleVariants } from './invisible.js';
import { killVariants } from './kills.js';
import { linkVariants } from './links.js';
import { logVariants } from './logs.js';
import { memberVariants } from './members.js';
import { mixVariants } from './mix.js';
import { recordVariants } from './records.js';
import { serverVariants } from './servers.js';
import { stepVariants } from './steps.js';
import { zombieVariants } from './zombies.js';

/** Everything that `npm run faults` can do, in the order of the table. */
export const VARIANTS: readonly Variant[] = [
  ...[
    ...killVariants,
    ...zombieVariants,
    ...memberVariants,
    ...serverVariants,
    ...linkVariants,
    ...stepVariants,
  ],
  ...[...recordVariants, ...logVariants, ...invisibleVariants, ...mixVariants],
].sort((a, b) => Number(a.fault.slice(1)) - Number(b.fault.slice(1)));

/** `F1 after-write`: how a variant is called on the command line and in the results. */
export function nameOf({ fault, name }: Variant): string {
  return `${fault} ${name}`;
}

/** What `npm test` runs of it, in its short form. */
export const SHORT_FORM: readonly string[] = [
  'F1 mid-write',
  'F1 after-write',
  'F1 during-commit',
  'F2 zombie after-dead-letters',
  'F5 stepdown',
  'F7 mongodb update',
  'F10 bad records',
  'F13 transactions',
  'F13 compaction',
];
