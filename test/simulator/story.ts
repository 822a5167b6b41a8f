import type { PipelineSettings } from '../../src/config/settings.js';
import type { KafkaRecord } from '../../src/kafka/source.js';
import { pipeline as pipelineWith } from '../drain/builders.js';
import { appendGap, appendInvisible, appendRecord, createLog, type FakeLog } from './fake-log.js';
import type { Nature } from './oracle.js';
import { createRandom, type Random } from './random.js';

/** What a seed decides before anything happens: the pipeline, what the topic holds, how hostile the world is. */
export interface Story {
  seed: number;
  random: Random;
  pipeline: PipelineSettings;
  log: FakeLog;
  /** Probabilities per step or call. */
  perils: {
    kill: number;
    freeze: number;
    outage: number;
    lostCommit: number;
    lostReply: number;
    refusedDeadLetters: number;
    /** Before an attempt: somebody sets the group back in a partition. */
    setBack: number;
  };
  /** Runs may overlap (policy AllowAll). */
  overlapping: boolean;
  /** Runs before the world heals. */
  runs: number;
}

const TOPIC = 'orders';
const IDS = 8;

export function tellStory(seed: number): Story {
  const random = createRandom(seed);
  const overlapping = random.chance(0.3);
  const log = createLog(TOPIC, random.integer(1, 4));
  const pipeline = pipelineOf(random, overlapping);
  const story: Story = {
    seed,
    random,
    pipeline,
    log,
    perils: perilsOf(random, pipeline),
    overlapping,
    runs: random.integer(2, 5),
  };
  produce(story, random.integer(0, 120));
  return story;
}

function pipelineOf(random: Random, overlapping: boolean): PipelineSettings {
  const base = pipelineWith();
  return {
    ...base,
    // `hard` is refused where runs may overlap
    deletes: random.pick(overlapping ? ['soft', 'ignore'] : ['soft', 'ignore', 'hard']),
    until: random.pick(['end-offsets', 'end-offsets', 'idle']),
    schedule: { ...base.schedule, overlap: overlapping ? 'allowAll' : 'skip' },
    limits: {
      ...base.limits,
      budgetMs: random.pick([3_000, 20_000, base.limits.budgetMs]),
      maxRecords: random.pick([null, null, random.integer(1, 30)]),
    },
  };
}

/** Mostly a little of everything, sometimes calm, sometimes a storm. */
function perilsOf(random: Random, { deletes }: PipelineSettings): Story['perils'] {
  const weather = random.pick([0, 0.3, 1, 1, 3]);
  return {
    kill: 0.003 * weather,
    // what an attempt that lives on may write behind a hard delete is beyond what is promised
    freeze: deletes === 'hard' ? 0 : 0.003 * weather,
    outage: 0.05 * weather,
    lostCommit: 0.02 * weather,
    lostReply: 0.05 * weather,
    refusedDeadLetters: 0.05 * weather,
    setBack: 0.05 * weather,
  };
}

/** Appends records of every nature, with markers and gaps between them; an id stays in its partition. */
export function produce({ random, log }: Pick<Story, 'random' | 'log'>, count: number): void {
  for (let made = 0; made < count; made += 1) {
    const id = random.integer(0, IDS - 1);
    const partition = id % log.partitions.length;
    const key = `o-${String(id)}`;
    const timestampMs = 1_750_000_000_000 + made;
    const chance = random.integer(0, 99);
    if (chance < 5) appendInvisible(log, partition);
    else if (chance < 8) appendGap(log, partition, random.integer(1, 3));
    else appendRecord(log, partition, { key, value: valueOf(random, chance, made), timestampMs });
  }
}

function valueOf(random: Random, chance: number, made: number): string | null {
  if (chance < 14) return UNDECODABLE;
  if (chance < 18) return JSON.stringify({ [UNWRITABLE_FIELD]: made });
  if (chance < 30) return null;
  return JSON.stringify({ made, amount: random.integer(0, 1000) });
}

const UNDECODABLE = 'no JSON';
/** The simulated validator refuses documents with this field. */
export const UNWRITABLE_FIELD = 'refused';

export function natureOf({ value }: KafkaRecord): Nature {
  if (value === null) return 'tombstone';
  const text = value.toString();
  if (text === UNDECODABLE) return 'undecodable';
  return text.includes(UNWRITABLE_FIELD) ? 'unwritable' : 'document';
}
