import type { Mutant } from '../mutant.js';
import { COMMIT_MUTANTS } from './commits.js';
import { DEAD_LETTER_MUTANTS } from './dead-letters.js';
import { GUARD_MUTANTS } from './guard.js';
import { MEMBER_MUTANTS } from './members.js';
import { OFFSET_MUTANTS } from './offsets.js';
import { PLANNING_MUTANTS } from './planning.js';
import { QUEUE_MUTANTS } from './queue.js';
import { REUSE_MUTANTS } from './reuse.js';
import { SCHEDULE_MUTANTS } from './schedules.js';
import { STOP_MUTANTS } from './stopping.js';
import { SUPERVISE_MUTANTS } from './supervising.js';
import { TEMPORAL_MUTANTS } from './temporal.js';
import { TRANSCODING_MUTANTS } from './transcoding.js';
import { TRANSFORM_MUTANTS } from './transforms.js';
import { VERSION_MUTANTS } from './versions.js';
import { WORKFLOW_MUTANTS } from './workflow.js';
import { WRITE_MUTANTS } from './writing.js';

/** Every bug that the tests must notice. */
export const MUTANTS: readonly Mutant[] = [
  ...COMMIT_MUTANTS,
  ...GUARD_MUTANTS,
  ...VERSION_MUTANTS,
  ...WRITE_MUTANTS,
  ...TRANSCODING_MUTANTS,
  ...DEAD_LETTER_MUTANTS,
  ...OFFSET_MUTANTS,
  ...PLANNING_MUTANTS,
  ...QUEUE_MUTANTS,
  ...REUSE_MUTANTS,
  ...STOP_MUTANTS,
  ...SUPERVISE_MUTANTS,
  ...SCHEDULE_MUTANTS,
  ...TEMPORAL_MUTANTS,
  ...TRANSFORM_MUTANTS,
  ...WORKFLOW_MUTANTS,
  ...MEMBER_MUTANTS,
];
