/** A Celery worker that is up, and a task that reads message by message. Celery's own broker is a folder: `filesystem://`. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryFolder } from '../../../stack/binaries.js';
import { commandFor, startChild, type Child } from '../../child.js';
import { untilCommitted } from '../../committed.js';
import { nowMs, type Drained, type Opened, type Program, type Task } from '../../program.js';

const TASKS = join(repositoryFolder, 'bench', 'peers', 'celery');

export const celery: Program = {
  name: 'celery',
  title:
    'Celery 5.7, kafka-python 3.0.12, pymongo: a replace_one upsert for each message; idle timeout not counted',
  needs: 'celery',
  mostRecords: 20_000,
  workloads: ['new', 'update', 'small'],
  open: (task) => open(task, 0),
};

export const celerySleeping: Program = {
  name: 'celery-sleeping',
  title: 'the same, sleeping 2 s after each message as in the article',
  needs: 'celery',
  mostRecords: 20,
  mostRounds: 1,
  workloads: ['new'],
  open: (task) => open(task, 2),
};

async function open(task: Task, sleepSeconds: number): Promise<Opened> {
  mkdirSync(join(task.folder, 'queue'));
  mkdirSync(join(task.folder, 'control'));
  const start = (name: string, ...args: string[]): Promise<Child> => {
    const python = join(task.fetched, 'venv', 'bin', 'python');
    const environment = { PYTHONPATH: TASKS, BENCH_SLEEP: String(sleepSeconds) };
    return startChild(commandFor({ name, command: python, args, environment }, task));
  };
  const options = ['worker', '--pool=solo', '--loglevel=INFO', '--without-mingle', '--without-gossip'];
  const worker = await start('celery', '-m', 'celery', '-A', 'tasks', ...options);
  const startUpMs = await worker.ready('the Celery worker is ready', () =>
    Promise.resolve(/celery@\S+ ready/.test(readFileSync(join(task.folder, 'celery.log'), 'utf8'))),
  );
  return {
    startUpMs,
    drain: async (started): Promise<Drained> => {
      started(worker.pid);
      const startedMs = nowMs();
      const sender = await start('send', join(TASKS, 'tasks.py'));
      await sender.succeeded();
      await Promise.race([untilCommitted(task, task.ends), worker.succeeded()]);
      return { startedMs, endedMs: null };
    },
    // It would first wait for the task, which waits for 3 minutes of silence.
    close: () => worker.stop('SIGKILL'),
  };
}
