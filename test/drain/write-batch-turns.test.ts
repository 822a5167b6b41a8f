import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createToOperation, type ToOperation } from '../../src/drain/operation.js';
import { createWriteBatch, type WriteBatch, type WriteBatchDeps } from '../../src/drain/write-batch.js';
import type { KafkaRecord } from '../../src/kafka/source.js';
import { NOW, pipeline, record } from './builders.js';
import { createFakeSink } from './fake-sink.js';
import { recordsOf, RUN } from './write-batch-cases.js';

const { signal } = new AbortController();
const settings = pipeline();
const decode = createToOperation(settings, NOW);

function build(
  toOperation: ToOperation,
  given: Partial<Pick<WriteBatchDeps, 'sink' | 'mayWait' | 'lease'>> = {},
): WriteBatch {
  return createWriteBatch({
    ...{ sink: createFakeSink(), toOperation, pipeline: settings, run: RUN },
    ...given,
  });
}

/** So many records, each of an id of its own, from an offset on. */
function many(count: number, from: number): KafkaRecord[] {
  return Array.from({ length: count }, (_, index) =>
    record({ key: `o-${String(from + index)}`, offset: BigInt(from + index) }),
  );
}

describe('of batches that begin at once', () => {
  for (const mayWait of [false, true])
    test(`the first is with the sink before the second is decoded, may a record wait: ${String(mayWait)}`, async () => {
      const steps: string[] = [];
      const sink = createFakeSink({ before: (call) => steps.push(call) });
      const toOperation = (given: KafkaRecord) => {
        steps.push(`decode ${String(given.offset)}`);
        return decode(given);
      };
      const writeBatch = build(toOperation, { sink, mayWait });
      await Promise.all(['a1 b2', 'c3 d4'].map((batch) => writeBatch(recordsOf(batch), signal)));
      const first = ['decode 1', 'decode 2', 'documents 1,2'];
      assert.deepEqual(steps, [...first, 'decode 3', 'decode 4', 'documents 3,4']);
    });

  test('all of the first are decoded before the second', async () => {
    const decoded: bigint[] = [];
    const toOperation = (given: KafkaRecord) => {
      decoded.push(given.offset);
      return decode(given);
    };
    const writeBatch = build(toOperation, { mayWait: false });
    const batches = [many(2_500, 1), many(10, 3_001)];
    await Promise.all(batches.map((batch) => writeBatch(batch, signal)));
    assert.deepEqual(
      decoded,
      batches.flat().map(({ offset }) => offset),
    );
  });

  test('none waits for a record of another that has to wait', async () => {
    let arrive: () => void = () => undefined;
    const second = new Promise<void>((resolve) => (arrive = resolve));
    const toOperation = (given: KafkaRecord) => {
      if (given.offset === 1n) return second.then(() => decode(given));
      arrive();
      return decode(given);
    };
    const writeBatch = build(toOperation, { mayWait: true });
    const both = await Promise.all(['a1', 'b2'].map((batch) => writeBatch(recordsOf(batch), signal)));
    assert.deepEqual(
      both.map(({ handled }) => handled),
      [1, 1],
    );
  });

  test('one that ends with an error holds up no other', async () => {
    const toOperation = (given: KafkaRecord) => {
      if (given.offset === 1n) throw new Error('an outage');
      return decode(given);
    };
    const writeBatch = build(toOperation, { mayWait: false });
    const [one, other] = await Promise.allSettled(
      ['a1', 'b2'].map((batch) => writeBatch(recordsOf(batch), signal)),
    );
    assert.equal(one?.status, 'rejected');
    assert.equal(other?.status, 'fulfilled');
  });
});

describe('a long batch', () => {
  for (const mayWait of [false, true])
    test(`lets others have their turn after 1,000 records, may one wait: ${String(mayWait)}`, async () => {
      let turned = 0;
      let turnedBefore = 0;
      const toOperation = (given: KafkaRecord) => {
        if (turned === 0) setImmediate(() => (turnedBefore = turned));
        turned += 1;
        return decode(given);
      };
      await build(toOperation, { mayWait })(many(2_500, 1), signal);
      assert.equal(turnedBefore, 1_000);
    });
});

describe('whether the records turned by then are enough', () => {
  /** After how many records it is asked for the first time. */
  async function askedAfter(mayWait: boolean): Promise<number> {
    const writeBatch = build(decode, { mayWait });
    return (await writeBatch(many(1_500, 1), signal, { enough: () => true })).handled;
  }

  test('is asked after 1,000 that wait for nothing, and after each that may', async () => {
    assert.equal(await askedAfter(false), 1_000);
    assert.equal(await askedAfter(true), 1);
  });
});

describe('a lease', () => {
  /** The leases that are held, at each record that is turned and at the end. */
  async function held(fails: boolean): Promise<{ during: number[]; after: number }> {
    let leases = 0;
    const during: number[] = [];
    const lease = () => {
      leases += 1;
      return () => (leases -= 1);
    };
    const toOperation = (given: KafkaRecord) => {
      during.push(leases);
      if (fails) throw new Error('an outage');
      return decode(given);
    };
    const writeBatch = build(toOperation, { lease, mayWait: false });
    await Promise.allSettled(['a1 b2', 'c3'].map((batch) => writeBatch(recordsOf(batch), signal)));
    return { during, after: leases };
  }

  test('is had from the turn of its batch on, and given back at its end', async () => {
    const { during, after } = await held(false);
    assert.deepEqual(during.slice(0, 2), [1, 1]);
    assert.equal(after, 0);
  });

  test('is given back where no record could be turned', async () => {
    assert.deepEqual(await held(true), { during: [1, 1], after: 0 });
  });
});
