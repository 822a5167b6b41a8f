import { MongoClient } from 'mongodb';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Server } from '../../../stack/server.js';
import { createLink } from '../../support/link.js';
import { inLane, inLanes, rounds, type Episode, type Variant } from '../episode.js';
import { patiently } from '../retry.js';
import type { World } from '../world.js';
import { strikeMidDrain, type Blow } from './mid-drain.js';

const LANES = 3;
const STRIKES = 5;
/** How long a server that was killed stays away. */
const AWAY_MS = 2_000;

interface ServerFault {
  fault: string;
  name: string;
  what: string;
  blow: (world: World) => Blow;
}

const FAULTS: readonly ServerFault[] = [
  {
    fault: 'F4',
    name: 'broker restart',
    what: 'clean restart of the broker',
    blow: ({ kafka }) => restarted(() => kafka),
  },
  {
    fault: 'F4',
    name: 'broker kill',
    what: 'kill −9 of the broker, back after 2 s',
    blow: ({ kafka }) => killed(() => kafka),
  },
  {
    fault: 'F5',
    name: 'stepdown',
    what: 'the primary steps down',
    blow: ({ addresses }) => ({ begin: () => stepDown(addresses.mongodb) }),
  },
  {
    fault: 'F5',
    name: 'primary restart',
    what: 'clean restart of the primary',
    blow: ({ mongodb }) => restarted(() => mongodb.primary()),
  },
  {
    fault: 'F5',
    name: 'primary kill',
    what: 'kill −9 of the primary, back after 2 s',
    blow: ({ mongodb }) => killed(() => mongodb.primary()),
  },
  {
    fault: 'F8',
    name: 'temporal restart',
    what: 'clean restart of the Temporal server',
    blow: ({ temporal }) => restarted(() => temporal),
  },
  {
    fault: 'F8',
    name: 'temporal kill',
    what: 'kill −9 of the Temporal server, back after 2 s',
    blow: ({ temporal }) => killed(() => temporal),
  },
];

/** F4, F5, F8: what happens to servers happens to three pipelines at once, in the middle of their drains. */
export const serverVariants: readonly Variant[] = [
  ...FAULTS.map(({ fault, name, what, blow }): Variant => ({
    ...{ fault, name, what, needs: 'servers', goal: 10 },
    run: (episode) =>
      inLanes(episode, { lanes: rounds(episode, LANES) }, async (lanes, tally) => {
        for (let strike = 0; strike < rounds(episode, STRIKES); strike += 1)
          await strikeMidDrain(lanes, tally, blow(episode.world));
      }),
  })),
  {
    fault: 'F8',
    name: 'worker cut off',
    what: 'the worker is cut off from Temporal longer than its heartbeat timeout, another one takes over',
    needs: 'nothing',
    goal: 10,
    run: cutOff,
  },
];

/** The fault of a server by its name, for the mix. */
export function serverBlows(world: World): Blow[] {
  return FAULTS.map(({ blow }) => blow(world));
}

async function cutOff(episode: Episode) {
  const link = await createLink(episode.world.addresses.temporal);
  try {
    return await inLane(episode, { watch: true }, async (lane, tally) => {
      const { environment } = lane.scenario;
      const address = environment['TEMPORAL_ADDRESS'];
      for (let strike = 0; strike < STRIKES; strike += 1) {
        link.heal();
        await Promise.all(lane.workers.map((worker) => worker.kill('SIGKILL')));
        environment['TEMPORAL_ADDRESS'] = link.address;
        await lane.startWorker();
        environment['TEMPORAL_ADDRESS'] = address;
        await strikeMidDrain([lane], tally, {
          begin: () => link.cut(),
          end: async () => {
            await lane.startWorker();
          },
        });
      }
    });
  } finally {
    await link.close();
  }
}

function restarted(server: () => Server | Promise<Server>): Blow {
  return comesBack(server, (victim) => victim.stop(), 0);
}

function killed(server: () => Server | Promise<Server>): Blow {
  return comesBack(server, (victim) => victim.kill('SIGKILL'), AWAY_MS);
}

function comesBack(
  server: () => Server | Promise<Server>,
  take: (victim: Server) => Promise<void>,
  awayMs: number,
): Blow {
  let victim: Server | undefined;
  return {
    begin: async () => {
      victim = await server();
      await take(victim);
    },
    end: async () => {
      await sleep(awayMs);
      await victim?.restart();
    },
  };
}

async function stepDown(uri: string): Promise<void> {
  const client = new MongoClient(uri);
  try {
    await patiently('a stepdown', () => client.db('admin').command({ replSetStepDown: 5, force: true }));
  } finally {
    await client.close();
  }
}
