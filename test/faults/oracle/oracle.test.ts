import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Binary, Long, type Document } from 'mongodb';
import { books, bytesOf, CANARY, document, facts, letter, record } from './cases.js';
import { storedVersion } from './documents.js';
import { findViolation, findViolationAtCommit, type Facts } from './oracle.js';
import { createVersionWatch } from './version-watch.js';

/** What is stored when all is well. */
function stored(): Document[] {
  return [record(2, { key: 'o-1' }), record(3, { key: 'o-0', value: null }), record(5)].map(document);
}

const badRecord = record(4, { value: 'broken', expect: 'dead-letter' });

function assertFound(change: Partial<Facts>, invariant: string, text: RegExp): void {
  const found = findViolation(facts(change));
  assert.equal(found?.invariant, invariant, found?.text ?? 'nothing was found');
  assert.match(found.text, text);
}

test('the oracle finds nothing where everything is as it must be', () => {
  assert.equal(findViolation(facts()), null);
  assert.equal(findViolationAtCommit(facts()), null);
});

describe('the oracle finds a document that', () => {
  const replaced = (id: string, other: Document): Map<string, Uint8Array> =>
    bytesOf(stored().map((each) => (each['_id'] === id ? other : each)));

  test('is missing', () => {
    const rest = stored().filter(({ _id }) => _id !== 'o-1');
    assertFound(
      { stored: bytesOf(rest) },
      'I1',
      /^orders-0 offset 2 is lost: its document o-1 is not stored/,
    );
  });

  test('no record leads to', () => {
    assertFound({ stored: bytesOf([...stored(), { _id: 'other' }]) }, 'I2', /document other is stored but/);
    assertFound({ stored: bytesOf([...stored(), { _id: 17 }]) }, 'I2', /document 17 is stored but/);
  });

  test('is an older version', () => {
    assertFound(
      { stored: replaced('o-1', document(record(1))) },
      'I1',
      /offset 2 is lost.*at orders-0 offset 1/,
    );
  });

  test('claims a version that the log does not have', () => {
    const invented = document(record(9, { key: 'o-1' }));
    assertFound(
      { stored: replaced('o-1', invented) },
      'I2',
      /o-1 is at orders-0 offset 9, but .* orders-0 offset 2/,
    );
  });

  test('has other content', () => {
    const right = document(record(5));
    for (const wrong of [
      { ...right, version: 6 },
      { ...right, version: Long.fromNumber(5) },
      { ...right, more: 1 },
      { ...right, _kafka: { ...(right['_kafka'] as Document), extra: 1 } },
    ])
      assertFound(
        { stored: replaced('o-5', wrong) },
        'I2',
        /document o-5 is not what orders-0 offset 5 says/,
      );
  });

  test('has its fields in another order', () => {
    const { version, ...rest } = document(record(5));
    const { _kafka, ...front } = rest;
    const swapped = { ...front, version: version as number, _kafka: _kafka as Document };
    assertFound({ stored: replaced('o-5', swapped) }, 'I2', /document o-5 is not what/);
  });

  test('has no version', () => {
    assertFound({ stored: replaced('o-5', { _id: 'o-5' }) }, 'I2', /document o-5 .* has no version/);
  });

  test('was deleted and is there again', () => {
    assertFound(
      { stored: replaced('o-0', document(record(0))) },
      'I3',
      /offset 3 deleted document o-0.*offset 0/,
    );
  });

  test('is a tombstone that can never be purged, or with more in it', () => {
    const tombstone = document(record(3, { key: 'o-0', value: null }));
    const { purgeAt, ...reserved } = tombstone['_kafka'] as Document;
    assertFound({ stored: replaced('o-0', { _id: 'o-0', _kafka: reserved }) }, 'I2', /no purgeAt/);
    const fuller = { _id: 'o-0', rest: 1, _kafka: { ...reserved, purgeAt: purgeAt as Date } };
    assertFound({ stored: replaced('o-0', fuller) }, 'I2', /document o-0 is not what/);
  });
});

test('of several broken documents the oracle names the first one of the log', () => {
  assertFound({ stored: new Map() }, 'I1', /^orders-0 offset 2 /);
});

test('the oracle orders versions across partitions by timestamp, and across epochs by epoch', () => {
  const early = record(9, { partition: 1, key: 'o-5', timestampMs: 10 });
  const late = record(0, { partition: 1, key: 'o-5', timestampMs: 99_000 });
  const anew = record(0, { partition: 0, key: 'o-5', timestampMs: 10, epoch: 2 });
  const winner = (extra: typeof early) =>
    findViolation(facts({ log: [...facts().log, extra], exact: false, allSucceeded: false }))?.text ?? null;
  assert.equal(winner(early), null);
  assert.match(winner(late) ?? '', /orders-1 offset 0 is lost.*orders-0 offset 5/);
  assert.match(winner(anew) ?? '', /orders-0 offset 0 \(epoch 2\) is lost/);
});

test('with coordinates as ids the oracle wants a document for every record, and none for a tombstone', () => {
  const rule = { group: 'drain-orders', documentId: 'coordinates' as const };
  const log = [record(0), record(1, { key: 'o-0' }), record(2, { value: null })];
  const run = books({ records: { read: 3, inserted: 2, skipped: 1 }, partitions: [] });
  const common = {
    rule,
    log,
    deadLetters: [],
    runs: [run],
    exact: false,
    committed: new Map(),
    ends: new Map(),
  };
  const both = [record(0), record(1)].map((each) => ({
    ...document(each),
    _id: `orders-0-${String(each.offset)}`,
  }));
  const balanced = [
    books({
      records: { read: 3, inserted: 2, skipped: 1 },
      partitions: [{ partition: 0, start: '0', end: '3', committed: '3', read: 3 }],
    }),
  ];
  assert.equal(findViolation(facts({ ...common, runs: balanced, stored: bytesOf(both) })), null);
  assertFound({ ...common, runs: balanced, stored: bytesOf(both.slice(1)) }, 'I1', /offset 0 is lost/);
});

describe('the oracle finds dead letters', () => {
  test('that are missing', () => {
    assertFound({ deadLetters: [] }, 'I5', /orders-0 offset 4 is missing from the dead letters/);
  });

  test('of good records, and of no record', () => {
    assertFound({ deadLetters: [letter(badRecord), letter(record(1))] }, 'I5', /offset 1 is a good record/);
    assertFound({ deadLetters: [letter(badRecord), letter(record(77))] }, 'I5', /\|77 belongs to no record/);
  });

  test('with other bytes, coordinates or headers', () => {
    const right = letter(badRecord);
    for (const [field, wrong] of [
      ['value', new Binary(Buffer.from('broke'))],
      ['key', null],
      ['headers', []],
      ['timestamp', new Date(1)],
      ['partition', 1],
    ] as const)
      assertFound(
        { deadLetters: [{ ...right, [field]: wrong }] },
        'I5',
        new RegExp(`offset 4 has another ${field}`),
      );
  });

  test('of refused records where nothing newer can have taken their place', () => {
    const refused = record(6, { expect: 'refused' });
    const superseded = record(0, { expect: 'refused', key: 'o-5', partition: 1, timestampMs: 1 });
    const log = (extra: typeof refused) => ({
      log: [...facts().log, extra],
      exact: false,
      allSucceeded: false,
    });
    assertFound(log(refused), 'I5', /offset 6 is missing/);
    assert.equal(findViolation(facts(log(superseded))), null);
    const both = [letter(badRecord), letter(superseded)];
    assert.equal(findViolation(facts({ ...log(superseded), deadLetters: both })), null);
  });
});

describe('the oracle finds a commit', () => {
  test('short of the end, or beyond it', () => {
    assertFound(
      { committed: new Map([[0, 5n]]) },
      'I7',
      /partition 0 is committed up to 5, its log ends at 6/,
    );
    assertFound({ committed: new Map() }, 'I7', /committed up to null/);
    assertFound({ committed: new Map([[0, 7n]]) }, 'I4', /committed up to 7/);
  });

  test('ahead of documents or dead letters while the drain is under way', () => {
    const early = (change: Partial<Facts>) => findViolationAtCommit(facts(change));
    const upTo = (offset: bigint) => new Map([[0, offset]]);
    const older = bytesOf([record(0), record(1)].map(document));
    assert.equal(early({ stored: older, deadLetters: [], committed: upTo(2n) }), null);
    assert.match(
      early({ stored: older, committed: upTo(3n) })?.text ?? '',
      /^orders-0 offset 2 .* at orders-0 offset 1/,
    );
    assert.match(
      early({ stored: new Map(), committed: upTo(1n) })?.text ?? '',
      /^orders-0 offset 0 .*is not stored/,
    );
    assert.equal(early({ deadLetters: [], committed: upTo(4n) }), null);
    assert.match(
      early({ deadLetters: [], committed: upTo(5n) })?.text ?? '',
      /^orders-0 offset 4 .*dead letters/,
    );
    assert.equal(early({ stored: older, committed: upTo(3n) })?.invariant, 'I4');
  });
});

describe('the oracle finds books', () => {
  test('whose outcomes do not add up', () => {
    const run = books({ records: { read: 6, inserted: 3, updated: 1, deleted: 1 } });
    assertFound({ runs: [run] }, 'I6', /run r-1 read 6 records, its outcomes add up to 5/);
  });

  test('whose partitions do not add up', () => {
    const run = books({ partitions: [{ partition: 0, start: '0', end: '6', committed: '6', read: 5 }] });
    assertFound({ runs: [run] }, 'I6', /its partitions add up to 5/);
  });

  test('that count another number of records than the range holds', () => {
    const run = books({ partitions: [{ partition: 0, start: '1', end: '6', committed: '6', read: 6 }] });
    assertFound({ runs: [run] }, 'I6', /partition 0 holds 5 records from 1 up to 6, run r-1 says it read 6/);
  });

  test('that leave records unread', () => {
    const partitions = [{ partition: 0, start: '0', end: '6', committed: '6', read: 5 }];
    const run = books({ records: { read: 5, inserted: 5 }, partitions });
    assertFound({ runs: [run], exact: false }, 'I6', /read 5 of 6 records/);
  });

  test('of a last run that did not reach its end', () => {
    assertFound({ runs: [books({ stopReason: 'budget' })] }, 'I7', /ended budget with a lag of 0/);
    assertFound({ runs: [books({ lagAfter: 3 })] }, 'I7', /ended drained with a lag of 3/);
    assertFound({ runs: [], allSucceeded: false }, 'I7', /no run has a result/);
  });
});

test('the oracle finds record content in logs, histories and reasons', () => {
  const texts = new Map([['log of worker 1', `before ${CANARY} after`]]);
  assertFound({ texts }, 'I9', /log of worker 1 holds record content: …before/);
  const telling = { ...letter(badRecord), reason: `unexpected token in ${CANARY}` };
  assertFound({ deadLetters: [telling] }, 'I9', /dead letter .* holds record content/);
});

describe('the version watch', () => {
  const see = (...steps: [offset: number, deleted: boolean][]) => {
    const watch = createVersionWatch();
    for (const [offset, deleted] of steps) {
      const value = deleted ? null : '{}';
      const bytes = bytesOf([document(record(offset, { key: 'o-0', value }))]).get('o-0');
      const version = bytes && storedVersion(bytes);
      assert.ok(version);
      watch.see('o-0', version, deleted);
    }
    return watch.violation();
  };

  test('is content with versions that only go up, and with the same one again', () => {
    assert.equal(see([0, false], [3, true], [3, true], [5, false]), null);
  });

  test('finds a version that goes down, also where it went up again', () => {
    const found = see([0, false], [5, false], [3, false], [7, false]);
    assert.equal(found?.invariant, 'I3');
    assert.match(found.text, /o-0 went from orders-0 offset 5 back to orders-0 offset 3$/);
  });

  test('finds a deleted document that comes back', () => {
    assert.match(see([3, true], [2, false])?.text ?? '', /back to .* offset 2, and is no longer deleted/);
  });
});
