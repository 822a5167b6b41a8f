import { join } from 'node:path';
import { selfEnding } from '../../child.js';
import type { Program } from '../../program.js';

export const goProgram: Program = {
  name: 'go',
  title:
    'Go: franz-go 1.22.3, mongo-driver 2.10.0, a goroutine for each partition, bulk upserts of 1,000, commit after each poll',
  needs: 'go',
  open: (task) =>
    Promise.resolve(selfEnding({ name: 'go', command: join(task.fetched, 'program'), args: [] }, task)),
};
