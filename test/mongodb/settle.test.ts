import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer, Commands } from '../../src/mongodb/commands.js';
import { replyOf, upsert } from './models.js';
import { NEVER, PATIENCE, writeOn } from './settling.js';

const SOON = { ...PATIENCE, resendForMs: 1 };

/** Commands that are answered by a script. */
function scripted(answer: (action: string) => Answer): { commands: Commands; sent: string[] } {
  const sent: string[] = [];
  const run: Commands['run'] = (action) => {
    sent.push(action);
    return Promise.resolve(answer(action));
  };
  return { commands: { namespace: 'shop.orders', run }, sent };
}

const stored: Answer = { reply: replyOf([{ _id: 'o-1' }]), fault: null };

test('a document that is found but never matched is WRITE_UNSETTLED after five rounds', async () => {
  const { commands, sent } = scripted((action) =>
    action === 'find' ? stored : { reply: { n: 0, nModified: 0 }, fault: null },
  );
  const written = writeOn(commands, SOON)([upsert()], NEVER);
  await assert.rejects(written, { code: 'WRITE_UNSETTLED', retryable: true });
  assert.equal(sent.length, 10);
});

test('a merge is only believed when it matched exactly what was sent', async () => {
  for (const n of [0, 2, undefined]) {
    const counts = [n, 1];
    const { commands, sent } = scripted((action) => {
      if (action === 'find') return stored;
      const given = counts.shift();
      return { reply: { ...(given === undefined ? {} : { n: given }), nModified: 0 }, fault: null };
    });
    const result = await writeOn(commands, SOON)([upsert()], NEVER);
    assert.equal(result.unchanged, 1);
    assert.deepEqual(sent, ['find', 'update', 'find', 'update']);
  }
});

test('the first step follows the share of new ids in the slice before', async () => {
  const firstAfter = async (newIds: number): Promise<string | undefined> => {
    const ids = Array.from({ length: 100 }, (_, index) => `o-${index}`);
    const found = replyOf(ids.slice(newIds).map((id) => ({ _id: id })));
    const { commands, sent } = scripted((action) => {
      if (action === 'find') return { reply: found, fault: null };
      return { reply: { n: 100 - newIds, nModified: 100 - newIds }, fault: null };
    });
    const write = writeOn(commands, SOON);
    await write(ids.map((id) => upsert({ id })), NEVER); // prettier-ignore
    const before = sent.length;
    await write([upsert()], NEVER).catch(() => undefined);
    return sent[before];
  };
  assert.equal(await firstAfter(1), 'update');
  assert.equal(await firstAfter(2), 'find');
  assert.equal(await firstAfter(95), 'find');
  assert.equal(await firstAfter(96), 'insert');
});

test('where most of the slice before was unchanged, or there was none, a look comes first', async () => {
  const firstAfter = async (unchanged: number): Promise<unknown> => {
    const models = Array.from({ length: 100 }, (_, index) => upsert({ id: `o-${index}` }));
    const found = replyOf(models.map(({ id }) => ({ _id: id })));
    const sent: unknown[] = [];
    const run: Commands['run'] = (action, { readConcern }) => {
      sent.push(readConcern === undefined ? action : 'look');
      const reply = action === 'find' ? found : { n: 100, nModified: 100 - unchanged };
      return Promise.resolve({ reply, fault: null });
    };
    const write = writeOn({ namespace: 'shop.orders', run }, SOON);
    for (let times = 0; times < 2; times += 1) await write(models, NEVER);
    assert.deepEqual(sent.slice(0, 2), ['look', 'update']);
    return sent[2];
  };
  assert.equal(await firstAfter(50), 'update');
  assert.equal(await firstAfter(51), 'look');
});

test('nothing is in flight any more when a call fails', async () => {
  let inFlight = 0;
  const run: Commands['run'] = async (action) => {
    if (action === 'find') return { reply: replyOf([{ _id: 'old' }]), fault: null };
    inFlight += 1;
    await new Promise((resolve) => setTimeout(resolve, action === 'insert' ? 1 : 30));
    inFlight -= 1;
    if (action === 'insert') throw new Error('broken');
    return { reply: { n: 1, nModified: 1 }, fault: null };
  };
  const write = writeOn({ namespace: 'shop.orders', run }, SOON);
  await assert.rejects(write([upsert({ id: 'old' }), upsert({ id: 'new' })], NEVER), /broken/);
  assert.equal(inFlight, 0);
});
