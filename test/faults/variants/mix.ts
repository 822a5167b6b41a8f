import { setTimeout as sleep } from 'node:timers/promises';
import type { Action, Strike } from '../../support/faults.js';
import { createLink, type Link } from '../../support/link.js';
import type { Run } from '../../support/scenario.js';
import { inLanes, recovered, type Episode, type Tally, type Variant } from '../episode.js';
import { endOf, heal, isAlive, isOpen, type Lane } from '../lane.js';
import { createRandom, type Random } from '../../simulator/random.js';
import { until } from '../../support/until.js';
import { patiently } from '../retry.js';
import { linkBlows } from './links.js';
import { serverBlows } from './servers.js';

const LANES = 4;
const MINUTES = 5;
const PAUSE_MS = { least: 4_000, most: 12_000 };
const PLACES = ['before-join', 'in-batch', 'after-decode', 'after-dead-letters', 'mid-write', 'after-write', 'during-commit', 'after-commit', 'before-result', 'after-result'] as const; // prettier-ignore

/** F15: workers, servers and links of four pipelines are struck at random. */
export const mixVariants: readonly Variant[] = [
  {
    fault: 'F15',
    name: 'mix',
    what: `${String(MINUTES)} minutes of everything at random: kills, zombies, stuck steps, server restarts and kills, stepdowns, spoilt links`,
    needs: 'servers',
    goal: 250,
    run: mix,
  },
];

async function mix(episode: Episode): Promise<Tally> {
  const { world, random } = episode;
  const temporalLink = await createLink(world.addresses.temporal);
  const links = [world.kafkaLink, temporalLink];
  try {
    return await inLanes(
      episode,
      { lanes: LANES, through: { kafka: world.kafkaLink.address } },
      async (lanes, tally) => {
        const endMs = performance.now() + MINUTES * 60_000;
        const isOver = () => performance.now() > endMs;
        const victims = lanes.map((lane, index) => torment(lane, tally, createRandom(episode.seed + 100 + index), isOver, temporalLink)); // prettier-ignore
        await Promise.all([...victims, strikeServers(episode, random, links, tally, isOver)]);
        const startedMs = performance.now();
        for (const lane of lanes) tally.violation ??= await healFromMix(lane, world.addresses.temporal);
        recovered(tally, performance.now() - startedMs);
      },
    );
  } finally {
    for (const link of links) {
      link.set('open');
      link.heal();
    }
    await temporalLink.close();
  }
}

/** Frozen workers first, or nobody could end them politely. */
async function healFromMix(lane: Lane, temporal: string) {
  for (const worker of lane.workers.filter(isAlive)) worker.process.kill('SIGCONT');
  lane.scenario.environment['TEMPORAL_ADDRESS'] = temporal;
  return heal(lane);
}

async function strikeServers(
  { world }: Episode,
  random: Random,
  links: readonly Link[],
  tally: Tally,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    await sleep(random.integer(PAUSE_MS.least, PAUSE_MS.most));
    const isServer = random.chance(0.5);
    const blow = isServer
      ? random.pick(serverBlows(world))
      : random.pick(linkBlows(random.pick(links), random));
    await patiently('a blow', async () => blow.begin());
    // A server must come back; a link that is hardly used may not be struck in time.
    if (isServer) await patiently('a server to be back', async () => blow.end?.());
    else await Promise.resolve(blow.end?.()).catch(() => undefined);
    tally.times += 1;
  }
}

/** New records, a run, and something that happens to it; again and again. */
async function torment(
  lane: Lane,
  tally: Tally,
  random: Random,
  isOver: () => boolean,
  temporalLink: Link,
): Promise<void> {
  const { environment } = lane.scenario;
  const direct = environment['TEMPORAL_ADDRESS'];
  while (!isOver()) {
    await lane.produce({ records: random.integer(500, 8_000), ids: random.pick([200, 5_000]) });
    const killed = killedWorkers(lane);
    const strike = random.chance(0.8) ? randomStrike(random) : undefined;
    lane.faults.arm({
      batchRecords: random.integer(50, 500),
      batchDelayMs: random.integer(0, 100),
      ...(strike && { strike }),
    });
    environment['TEMPORAL_ADDRESS'] = random.chance(0.5) ? temporalLink.address : direct;
    await keepWorkers(lane, random);
    const run = await lane.ensureRun();
    if (strike !== undefined && (await isStruck(lane, run, isOver))) {
      tally.times += 1;
      await afterwards(lane, tally, random, strike.action, killed);
    }
    lane.faults.arm({});
    if (random.chance(0.5)) await seeThrough(lane, run);
  }
}

/** There is always a worker, also when a late strike has killed the last one. */
async function seeThrough(lane: Lane, run: Run): Promise<void> {
  const ended = endOf(run).then(() => true);
  for (;;) {
    if (!lane.workers.some(isAlive)) await lane.startWorker();
    if (await Promise.race([ended, sleep(1_000, false)])) return;
  }
}

function randomStrike(random: Random): Strike {
  const action = random.pick<Action>([
    'kill-process',
    'kill-process',
    'kill-process',
    'hold',
    'never-return',
    'loop',
    'throw',
  ]);
  const place = random.pick(PLACES);
  return { place, action, attempt: 'any', time: random.integer(1, 4), delayMs: random.integer(0, 15) };
}

/** One or two, some of them told to stop while the others work. */
async function keepWorkers(lane: Lane, random: Random): Promise<void> {
  const [oldest, ...others] = lane.workers.filter(isAlive);
  if (oldest === undefined || (others.length === 0 && random.chance(0.3))) await lane.startWorker();
  else if (others.length > 0) oldest.process.kill('SIGTERM');
}

async function isStruck(lane: Lane, run: Run, isOver: () => boolean): Promise<boolean> {
  const struck = lane.faults.struck().then(
    () => true,
    () => false,
  );
  for (;;) {
    const answer = await Promise.race([struck, sleep(300, null)]);
    if (answer !== null) return answer;
    if (isOver() || !(await isOpen(run).catch(() => true))) return false;
  }
}

function killedWorkers({ workers }: Lane): number {
  return workers.filter((worker) => worker.process.signalCode === 'SIGKILL').length;
}

/** Kills are counted; a held thread becomes a zombie, or goes on after a while. */
async function afterwards(
  lane: Lane,
  tally: Tally,
  random: Random,
  action: Action,
  killedBefore: number,
): Promise<void> {
  if (action === 'kill-process') {
    await until('the killed worker to be gone', () =>
      Promise.resolve(killedWorkers(lane) > killedBefore || null),
    );
    tally.kills += 1;
  }
  if (action === 'hold') {
    const [frozen] = lane.workers.filter(isAlive);
    frozen?.process.kill('SIGSTOP');
    if (frozen !== undefined) await lane.startWorker();
    await sleep(random.integer(1_000, 15_000));
    lane.faults.letGo();
    frozen?.process.kill('SIGCONT');
    frozen?.process.kill('SIGTERM');
  }
}
