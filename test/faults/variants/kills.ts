import type { Random } from '../../simulator/random.js';
import type { Place } from '../../support/faults.js';
import type { Run } from '../../support/scenario.js';
import { inLane, recovered, rounds, type Tally, type Variant } from '../episode.js';
import { diesBefore, endOf, isAlive, untilProgress, type Lane } from '../lane.js';
import { readLog, verifyCommits } from '../verify.js';

const RUNS = 4;
const RECORDS_PER_RUN = 25_000;
const RECORDS_IN_SHORT = 6_000;
/** Reading everything at every kill would take longer than the drain. */
const CHECKED_COMMITS = 0.15;
const WATCHED = 0.3;

const PLACES: readonly { place: Place; what: string; once?: true }[] = [
  { place: 'before-join', what: 'before it joins the group', once: true },
  { place: 'in-batch', what: 'after a fetch, with the batch in hand' },
  { place: 'after-decode', what: 'after decoding, nothing written' },
  { place: 'after-dead-letters', what: 'after the dead letters, before the documents' },
  { place: 'mid-write', what: 'in the middle of a bulk write' },
  { place: 'after-write', what: 'after a write, before its commit' },
  { place: 'during-commit', what: 'while a commit is under way' },
  { place: 'after-commit', what: 'after a commit' },
  { place: 'before-result', what: 'when all is committed, before the result', once: true },
  { place: 'after-result', what: 'with the result, before it is sent', once: true },
];

/** F1: SIGKILL of the worker process at every step of a drain, two or three times in each run of a large topic. */
export const killVariants: readonly Variant[] = PLACES.map(({ place, what, once }) => ({
  fault: 'F1',
  name: place,
  what: `kill −9 of the worker ${what}`,
  needs: 'nothing',
  goal: 30,
  run: (episode) => {
    const watch = episode.short || episode.random.chance(WATCHED);
    const records = episode.short ? RECORDS_IN_SHORT : RECORDS_PER_RUN;
    return inLane(episode, { watch }, async (lane, tally) => {
      for (let run = 0; run < rounds(episode, RUNS); run += 1) {
        const ids = lane.random.pick([2_000, 10_000, 25_000]);
        await lane.produce({ records, ids });
        const kills = rounds(episode, lane.random.pick([2, 2, 3]));
        await runWithKills(lane, tally, kills, () => strikeAt(lane.random, place, once === true));
      }
    });
  },
}));

function strikeAt(random: Random, place: Place, once: boolean) {
  return {
    batchRecords: random.integer(300, 1_500),
    strike: {
      place,
      action: 'kill-process',
      attempt: 'any',
      time: once ? 1 : random.integer(1, 5),
      delayMs: random.integer(0, 15),
    },
  } as const;
}

/** With three kills all attempts are used up and the run fails: the next one goes on. */
async function runWithKills(
  lane: Lane,
  tally: Tally,
  kills: number,
  arm: () => ReturnType<typeof strikeAt>,
): Promise<void> {
  const log = once(() => readLog(lane));
  let run: Run | null = null;
  for (let kill = 1; kill <= kills; kill += 1) {
    lane.faults.arm(arm());
    const worker = lane.workers.find(isAlive) ?? (await lane.startWorker());
    run ??= await lane.ensureRun();
    if (!(await diesBefore(worker, run))) return;
    tally.times += 1;
    tally.kills += 1;
    const recovery = kill === kills ? recoverFrom(lane, run) : null;
    if (lane.random.chance(CHECKED_COMMITS)) tally.violation ??= await verifyCommits(lane, await log());
    if (recovery === null) continue;
    recovered(tally, await recovery);
    await endOf(run);
  }
}

async function recoverFrom(lane: Lane, run: Run): Promise<number> {
  const recovery = untilProgress(lane, run);
  lane.faults.arm({});
  await lane.startWorker();
  return recovery;
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
