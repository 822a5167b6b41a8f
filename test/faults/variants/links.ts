import { MongoClient } from 'mongodb';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../simulator/random.js';
import { createLink, type Link } from '../../support/link.js';
import { until } from '../../support/until.js';
import { inLane, rounds, type Episode, type LaneOptions, type Tally, type Variant } from '../episode.js';
import type { World } from '../world.js';
import { strikeMidDrain, type Blow } from './mid-drain.js';

const STRIKES = 5;

type Server = 'kafka' | 'mongodb' | 'temporal';

const SPOILT: readonly { name: string; what: string; blow: (link: Link, random: Random) => Blow }[] = [
  {
    name: 'hang',
    what: 'nothing passes for 2–12 s',
    blow: (link, random) => lasting(link, 'hang', random.integer(2, 12)),
  },
  { name: 'reset', what: 'reset in the middle of a message', blow: reset },
  {
    name: 'latency',
    what: '100–800 ms later for 5–10 s',
    blow: (link, random) => lasting(link, { latencyMs: random.integer(100, 800) }, random.integer(5, 10)),
  },
  {
    name: 'slow',
    what: '5–50 KB/s for 5–10 s',
    blow: (link, random) =>
      lasting(link, { bytesPerSecond: random.integer(5, 50) * 1_000 }, random.integer(5, 10)),
  },
  {
    name: 'half-open',
    what: 'the server sees the connection closed, the worker sees nothing, for 1–8 s',
    blow: halfOpen,
  },
];

const LOST: readonly { server: Server; name: string; matches: (request: Buffer) => boolean }[] = [
  { server: 'mongodb', name: 'insert', matches: (request) => request.includes('\u0002insert\u0000') },
  { server: 'mongodb', name: 'update', matches: (request) => request.includes('\u0002update\u0000') },
  // Behind the length stands the kind of request; 8 is OffsetCommit.
  {
    server: 'kafka',
    name: 'commit',
    matches: (request) => request.length > 6 && request.readInt16BE(4) === 8,
  },
];

/** F6 and F7: the worker reaches one of its servers through a proxy that spoils the connection. */
export const linkVariants: readonly Variant[] = [
  ...(['kafka', 'mongodb', 'temporal'] as const).flatMap((server) =>
    SPOILT.map(({ name, what, blow }) => variant('F6', server, name, what, blow)),
  ),
  ...LOST.map(({ server, name, matches }) =>
    variant('F7', server, name, `the server carries out ${name}, its reply is lost`, (link) =>
      lostReply(link, matches),
    ),
  ),
];

function variant(
  fault: string,
  server: Server,
  name: string,
  what: string,
  blow: (link: Link, random: Random) => Blow,
): Variant {
  return {
    ...{ fault, name: `${server} ${name}`, what: `link to ${server}: ${what}`, goal: 10 },
    needs: server === 'kafka' ? 'kafka-link' : 'nothing',
    run: (episode) => throughLink(episode, server, blow),
  };
}

async function throughLink(
  episode: Episode,
  server: Server,
  blow: (link: Link, random: Random) => Blow,
): Promise<Tally> {
  const { world } = episode;
  const link = server === 'kafka' ? world.kafkaLink : await createLink(await addressOf(server, world));
  try {
    return await inLane(episode, { watch: true, ...throughOf(server, link) }, async (lane, tally) => {
      const { environment } = lane.scenario;
      const direct = environment['TEMPORAL_ADDRESS'];
      if (server === 'temporal') environment['TEMPORAL_ADDRESS'] = link.address;
      for (let strike = 0; strike < rounds(episode, STRIKES); strike += 1)
        await strikeMidDrain([lane], tally, blow(link, lane.random));
      environment['TEMPORAL_ADDRESS'] = direct;
    });
  } finally {
    link.set('open');
    link.heal();
    if (server !== 'kafka') await link.close();
  }
}

function throughOf(server: Server, link: Link): Pick<LaneOptions, 'through'> {
  if (server === 'kafka') return { through: { kafka: link.address } };
  // Directly, since a replica set tells its clients where its members really are.
  return server === 'mongodb' ? { through: { mongodb: uriOf(link) } } : {};
}

/** For a link to a member of the replica set. */
export function uriOf({ address }: Link): string {
  return `mongodb://${address}/?directConnection=true`;
}

/** Of the primary, or of Temporal. */
export async function addressOf(server: 'mongodb' | 'temporal', { addresses }: World): Promise<string> {
  if (server === 'temporal') return addresses.temporal;
  const client = new MongoClient(addresses.mongodb);
  try {
    const { primary } = await client.db('admin').command({ hello: 1 });
    return String(primary);
  } finally {
    await client.close();
  }
}

/** The blows of a link, for the mix. */
export function linkBlows(link: Link, random: Random): Blow[] {
  return SPOILT.map(({ blow }) => blow(link, random));
}

function lasting(link: Link, state: Parameters<Link['set']>[0], seconds: number): Blow {
  return {
    begin: () => link.set(state),
    end: async () => {
      await sleep(seconds * 1_000);
      link.set('open');
    },
  };
}

function reset(link: Link): Blow {
  const before = link.struck();
  return { begin: () => link.reset(), end: () => untilStruck(link, before) };
}

function halfOpen(link: Link, random: Random): Blow {
  return {
    begin: () => link.cut(),
    end: async () => {
      await sleep(random.integer(1_000, 8_000));
      link.heal();
    },
  };
}

function lostReply(link: Link, matches: (request: Buffer) => boolean): Blow {
  const before = link.struck();
  return { begin: () => link.loseReply(matches), end: () => untilStruck(link, before) };
}

async function untilStruck(link: Link, before: number): Promise<void> {
  await until('the link to strike', () => Promise.resolve(link.struck() > before || null), 60_000);
}
