import { fileURLToPath } from 'node:url';
import { selfEnding } from '../../child.js';
import type { Program } from '../../program.js';

const LOOP = fileURLToPath(new URL('./loop.js', import.meta.url));

export const upsertLoop: Program = {
  name: 'upsert-loop',
  title:
    'Node: kafkajs, all partitions at once, bulkWrite of 1,000 replaceOne upserts, commit after each batch',
  open: (task) =>
    Promise.resolve(selfEnding({ name: 'upsert-loop', command: process.execPath, args: [LOOP] }, task)),
};
