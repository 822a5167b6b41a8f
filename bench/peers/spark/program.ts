import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repositoryFolder } from '../../../stack/binaries.js';
import { selfEnding } from '../../child.js';
import type { Program } from '../../program.js';

export const spark: Program = {
  name: 'spark',
  title:
    "Spark 3.5.7, local[*], trigger AvailableNow, MongoDB's Spark connector 10.5.0, batches of 1,000 replacements",
  needs: 'spark',
  open: (task) =>
    Promise.resolve(
      selfEnding(
        {
          name: 'spark',
          command: join(task.fetched, 'venv', 'bin', 'python'),
          args: [join(repositoryFolder, 'bench', 'peers', 'spark', 'drain.py')],
          environment: {
            BENCH_JARS: join(task.fetched, 'libs', '*'),
            JAVA_HOME: dirname(dirname(realpathSync(task.servers.java))),
          },
        },
        task,
      ),
    ),
};
