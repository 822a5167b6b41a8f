import type { Worker } from 'node:worker_threads';

/** The one thread that is kept between runs. */
export interface Spare {
  /** `null`: there is none. */
  take: () => Worker | null;
  /** Instead of any other, be it new or with nothing left of its run. */
  keep: (worker: Worker) => void;
  /** A new one, where none is there by then. */
  makeLater: () => void;
}

/** So long after a run, or a worker's start, nothing that just goes on is slowed down by making a thread. */
const SPARE_AFTER_MS = 2_000;

/** The spare thread doesn't keep the process alive. */
export function keepSpare(create: () => Worker): Spare {
  let spare: Worker | null = null;
  let timer: NodeJS.Timeout | undefined;
  const forget = () => {
    spare = null;
  };
  const take = () => {
    const taken = spare;
    spare = null;
    taken?.off('error', forget).off('exit', forget).ref();
    return taken;
  };
  const keep = (worker: Worker) => {
    clearTimeout(timer);
    // an error that nobody hears ends the process
    void take()
      ?.on('error', () => undefined)
      .terminate();
    spare = worker;
    worker.on('error', forget).on('exit', forget).unref();
  };
  const make = () => {
    if (spare !== null) return;
    try {
      keep(create());
    } catch {
      // told by the run that needs one
    }
  };
  return {
    take,
    keep,
    makeLater: () => {
      clearTimeout(timer);
      timer = setTimeout(make, SPARE_AFTER_MS).unref();
    },
  };
}
