import { kafkaDrain, kafkaDrainOfMembers } from './kafka-drain/program.js';
import { celery, celerySleeping } from './peers/celery/program.js';
import { connectDefault, connectTuned } from './peers/connect/program.js';
import { goProgram } from './peers/go/program.js';
import { spark } from './peers/spark/program.js';
import { upsertLoop } from './peers/upsert-loop/program.js';
import type { Program } from './program.js';

export const SUBJECT_PROGRAM: Program = kafkaDrain;

/** In the order of the table. */
export const PEERS: readonly Program[] = [
  connectTuned,
  connectDefault,
  goProgram,
  upsertLoop,
  spark,
  celery,
  celerySleeping,
  kafkaDrainOfMembers,
];
