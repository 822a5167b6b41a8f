import type { Message } from 'kafkajs';
import { badRecords, unusualRecords } from '../bad-records.js';
import { CANARY } from '../canary.js';
import { inLane, type Episode, type Tally, type Variant } from '../episode.js';
import { endOf, isAlive } from '../lane.js';
import { EXPECT_HEADER } from '../oracle/fold.js';
import { violation } from '../oracle/violation.js';
import { readLog, verifyCommits } from '../verify.js';

/** F10, F11 and F14: records that can't be decoded or written, and dead letters that can't be kept. */
export const recordVariants: readonly Variant[] = [
  {
    fault: 'F10',
    name: 'bad records',
    what: 'every bad record of a corpus at first, middle and last places of small batches and as the newest of its id',
    needs: 'nothing',
    goal: 800,
    run: badEpisode,
  },
  {
    fault: 'F11',
    name: 'refused records',
    what: 'records that a second unique index or a validator refuses, as the newest of their id or not',
    needs: 'nothing',
    goal: 250,
    run: refusedEpisode,
  },
  {
    fault: 'F14',
    name: 'dead letters refused',
    what: 'the dead-letter collection refuses writes: the run fails, nothing behind a bad record is committed',
    needs: 'nothing',
    goal: 10,
    run: lettersEpisode,
  },
];

const GOOD_PER_BAD = 6;

function badEpisode(episode: Episode): Promise<Tally> {
  return inLane(episode, { watch: true }, async (lane, tally) => {
    const { random, scenario } = lane;
    for (const batchRecords of [random.integer(2, 6), random.integer(7, 30)]) {
      const records: Message[] = [];
      for (const makeBad of badRecords()) {
        const newest = `${CANARY}-${String(random.integer(1, 100_000))}`;
        for (let good = 0; good < GOOD_PER_BAD; good += 1) {
          const key = random.chance(0.3) ? newest : `${CANARY}-${String(random.integer(1, 100_000))}`;
          records.push(
            random.chance(0.1) ? random.pick(unusualRecords())(key) : { key, value: `{"text":"${CANARY}"}` },
          );
        }
        records.push(makeBad(newest));
        tally.times += 1;
      }
      await scenario.produce(records);
      lane.faults.arm({ batchRecords });
      if (!lane.workers.some(isAlive)) await lane.startWorker();
      await endOf(await lane.ensureRun());
    }
  });
}

const OWNERS = 200;

function refusedEpisode(episode: Episode): Promise<Tally> {
  return inLane(episode, { watch: true }, async (lane, tally) => {
    const { random, scenario } = lane;
    const { collection } = scenario;
    await collection.db.createCollection(collection.collectionName, {
      validator: { $or: [{ '_kafka.deleted': true }, { amount: { $type: 'number' } }] },
    });
    await collection.createIndex(
      { seat: 1 },
      { unique: true, partialFilterExpression: { seat: { $exists: true } } },
      {},
    );
    await lane.startWorker();
    // They have their seats before anybody disputes them.
    const owners = Array.from({ length: OWNERS }, (_, seat) =>
      valid(`${CANARY}-owner-${String(seat)}`, { seat }),
    );
    await scenario.produce(owners);
    await endOf(await lane.ensureRun());
    const records = Array.from({ length: 6_000 }, () => {
      const key = `${CANARY}-${String(random.integer(1, 1_500))}`;
      if (!random.chance(0.05)) return random.chance(0.03) ? { key, value: null } : valid(key, {});
      tally.times += 1;
      return refused(
        key,
        random.chance(0.5) ? { amount: 1, seat: random.integer(0, OWNERS - 1) } : { amount: CANARY },
      );
    });
    await scenario.produce(records);
    lane.faults.arm({ batchRecords: random.integer(20, 400) });
    await endOf(await lane.ensureRun());
  });
}

function valid(key: string, fields: object): Message {
  return { key, value: JSON.stringify({ amount: 1, text: CANARY, ...fields }) };
}

function refused(key: string, fields: object): Message {
  return { key, value: JSON.stringify({ text: CANARY, ...fields }), headers: { [EXPECT_HEADER]: 'refused' } };
}

const LETTER_ROUNDS = 3;

function lettersEpisode(episode: Episode): Promise<Tally> {
  return inLane(episode, { watch: true }, async (lane, tally) => {
    const { db, collectionName } = lane.scenario.deadLetters;
    await db.createCollection(collectionName);
    const refuse = (validator: object) => db.command({ collMod: collectionName, validator });
    await lane.startWorker();
    for (let round = 0; round < LETTER_ROUNDS; round += 1) {
      await lane.produce({ records: 4_000, ids: 1_000, bad: 0.01 });
      lane.faults.arm({ batchRecords: lane.random.integer(50, 300) });
      await refuse({ never: { $exists: true } });
      const ending = await endOf(await lane.ensureRun());
      tally.times += 1;
      if ('result' in ending)
        tally.violation ??= violation('I5', 'a run succeeded although dead letters were refused');
      tally.violation ??= await verifyCommits(lane, await readLog(lane));
      await refuse({});
      await endOf(await lane.ensureRun());
    }
  });
}
