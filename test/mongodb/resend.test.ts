import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Document } from 'mongodb';
import type { Answer, Commands } from '../../src/mongodb/commands.js';
import type { RawDocuments } from '../../src/mongodb/wire.js';
import { booksOf } from '../contract/sink-contract.js';
import { replyOf, tombstone, upsert } from './models.js';
import { readSection } from './section.js';
import { NEVER, PATIENCE, writeOn } from './settling.js';

const OUTAGE: Answer = { reply: null, fault: { kind: 'outage', reason: 'the connection broke' } };
const NOT_PRIMARY = 10107;
const DUPLICATE_KEY = 11000;

interface FakeServer {
  commands: Commands;
  stored: Set<unknown>;
  sent: string[];
}

/** A server that keeps ids; `disturb` is asked before each command and may answer in its place. */
function serverWith(
  stored: readonly string[],
  disturb: (action: string, server: FakeServer) => Answer | null,
): FakeServer {
  const run: Commands['run'] = (action, body) => {
    server.sent.push(action);
    return Promise.resolve(disturb(action, server) ?? ANSWERS[action](server.stored, body));
  };
  const server = {
    commands: { namespace: 'shop.orders', run },
    stored: new Set<unknown>(stored),
    sent: [] as string[],
  };
  return server;
}

type Action = Parameters<Commands['run']>[0];

const ANSWERS: Record<Action, (stored: Set<unknown>, body: Document) => Answer> = {
  find: (stored) => ({
    reply: replyOf([...stored].map((_id) => ({ _id }))),
    fault: null,
  }),
  insert: (stored, { documents }) => {
    const writeErrors = sentIn(documents).flatMap(({ _id }, index) => {
      if (stored.has(_id)) return [{ index, code: DUPLICATE_KEY, keyPattern: { _id: 1 } }];
      stored.add(_id);
      return [];
    });
    return { reply: { writeErrors }, fault: null };
  },
  update: (stored, { updates }) => {
    const ids = sentIn(updates).flatMap(({ c }) => (c as { ids: unknown[] }).ids);
    const n = ids.filter((id) => stored.has(id)).length;
    return { reply: { n, nModified: n }, fault: null };
  },
  delete: (stored, { deletes }) => {
    const ids = (deletes as { q: { _id: { $in: unknown[] } } }[]).flatMap(({ q }) => q._id.$in);
    return { reply: { n: ids.filter((id) => stored.delete(id)).length }, fault: null };
  },
};

function sentIn(field: unknown): Document[] {
  return readSection((field as RawDocuments).toBin()).documents;
}

/** Answers the first command of that action so, and no other. */
function once(wanted: string, how: (server: FakeServer) => Answer | null) {
  let done = false;
  return (action: string, server: FakeServer): Answer | null => {
    if (done || action !== wanted) return null;
    done = true;
    return how(server);
  };
}

const three = () => ['old', 'new', 'newer'].map((id) => upsert({ id }));

/** Each command once more, in the order in which they are sent again. */
function countOf(sent: readonly string[], action: string): number {
  return sent.filter((each) => each === action).length;
}

describe('the same records are sent again', () => {
  for (const action of ['find', 'insert', 'update']) {
    test(`where nobody knows what became of the ${action}`, async () => {
      const server = serverWith(
        ['old'],
        once(action, () => OUTAGE),
      );
      const result = await writeOn(server.commands)(three(), NEVER);
      assert.deepEqual(booksOf(result), { inserted: 2, updated: 1, deleted: 0, unchanged: 0, rejected: 0 });
      assert.equal(server.stored.size, 3);
      assert.equal(countOf(server.sent, action), 2);
    });
  }

  for (const [action, sentAgain] of [
    ['insert', 'new'],
    ['update', 'old'],
  ] as const) {
    test(`where a reply to the ${action} says that the server stepped down before one of them`, async () => {
      const stepdown: Answer = {
        reply: { n: 0, nModified: 0, writeErrors: [{ index: 0, code: NOT_PRIMARY }] },
        fault: null,
      };
      const server = serverWith(
        ['old'],
        once(action, ({ stored }) => {
          if (action === 'insert') stored.add('newer');
          return stepdown;
        }),
      );
      const { rejected } = await writeOn(server.commands)(three(), NEVER);
      assert.deepEqual(rejected, []);
      assert.ok(server.stored.has(sentAgain));
      assert.equal(countOf(server.sent, action), 2);
    });
  }

  const unknown: readonly (readonly [string, Answer])[] = [
    ['nobody knows what became of the delete', OUTAGE],
    ['the server stepped down in it', { reply: { n: 0, writeErrors: [{ index: 0, code: NOT_PRIMARY }] }, fault: null }],
    ['the server refuses it for a reason that nobody knows', { reply: { n: 0, writeErrors: [{ index: 0, code: 99_999 }] }, fault: null }],
  ]; // prettier-ignore
  for (const [where, answer] of unknown) {
    test(`where ${where}`, async () => {
      const server = serverWith(
        ['old', 'older'],
        once('delete', () => answer),
      );
      const models = [upsert({ id: 'new' }), tombstone({ id: 'old', purgeAt: null }), tombstone({ id: 'none', purgeAt: null })]; // prettier-ignore
      const result = await writeOn(server.commands)(models, NEVER);
      assert.deepEqual(booksOf(result), { inserted: 1, updated: 0, deleted: 1, unchanged: 1, rejected: 0 });
      assert.deepEqual([...server.stored], ['older', 'new']);
      assert.equal(countOf(server.sent, 'delete'), 2);
    });
  }

  test('but not where the user may not remove', async () => {
    const refusal: Answer = { reply: { n: 0, writeErrors: [{ index: 0, code: 13 }] }, fault: null };
    const server = serverWith(['old'], () => refusal);
    const written = writeOn(server.commands)([tombstone({ id: 'old', purgeAt: null })], NEVER);
    await assert.rejects(written, {
      code: 'MONGODB_REFUSED',
      message: /The user needs the action remove on shop\.orders/,
    });
  });

  test('where another writer has inserted the id since it was looked up: they are merged', async () => {
    const server = serverWith(
      [],
      once('insert', ({ stored }) => {
        stored.add('new');
        return null;
      }),
    );
    const result = await writeOn(server.commands)(three(), NEVER);
    assert.deepEqual(booksOf(result), { inserted: 2, updated: 1, deleted: 0, unchanged: 0, rejected: 0 });
    assert.deepEqual(server.sent, ['find', 'insert', 'update']);
  });

  test('until the time for it is used up, and no longer', async () => {
    let outages = 0;
    const server = serverWith([], () => ((outages += 1) <= 1_000 ? OUTAGE : null));
    const write = writeOn(server.commands, { ...PATIENCE, resendForMs: 1 });
    await assert.rejects(write(three(), NEVER), { code: 'MONGODB_UNAVAILABLE', retryable: true });
    assert.equal(server.stored.size, 0);
  });
});
