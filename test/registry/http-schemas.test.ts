import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DrainError } from '../../src/errors.js';
import { createHttpSchemas, type SchemasOptions } from '../../src/registry/http-schemas.js';
import type { HttpAnswer } from '../../src/http.js';
import type { Get } from '../../src/registry/http.js';
import { createKeptSchemas } from '../../src/registry/kept.js';
import type { SchemaSource } from '../../src/registry/schemas.js';

const LONG = { schema: '"long"' };
const NOT_FOUND = { status: 404, json: { error_code: 40403, message: 'Schema not found' } };

type Told = { status?: number; json?: unknown; text?: string } | { code: string; reason: string };

/** A registry that answers each path with what is told for it, one after the other; the last for ever. */
function fakeRegistry(
  answers: Readonly<Record<string, readonly Told[]>>,
  options: Partial<SchemasOptions> = {},
) {
  const asked: string[] = [];
  const get: Get = (url) => {
    const path = url.replace('http://r', '');
    const told = answers[path] ?? [NOT_FOUND];
    const earlier = asked.filter((other) => other === path).length;
    asked.push(path);
    return Promise.resolve(answerOf(told[Math.min(earlier, told.length - 1)] ?? NOT_FOUND));
  };
  const schemas = createHttpSchemas({
    settings: { urls: ['http://r'], auth: null, tls: null },
    get,
    ...options,
  });
  return { schemas, asked };
}

function answerOf(told: Told): HttpAnswer {
  if ('reason' in told) return { kind: 'no-answer', ...told };
  const { status = 200, json, text } = told;
  return { kind: 'answer', status, contentType: 'application/json', body: text ?? JSON.stringify(json) };
}

async function codeOf(loading: Promise<void>): Promise<string> {
  try {
    await loading;
    return 'loaded';
  } catch (error) {
    return error instanceof DrainError ? error.code : String(error);
  }
}

describe('a schema', () => {
  test('is asked for once, and at hand afterwards', async () => {
    const fetched: string[] = [];
    const { schemas, asked } = fakeRegistry(
      { '/schemas/ids/7': [{ json: LONG }] },
      { fetched: (ref) => fetched.push(ref) },
    );
    assert.equal(schemas.find('ids/7'), undefined);
    await schemas.load('ids/7');
    assert.equal(schemas.find('ids/7')?.kind, 'usable');
    assert.deepEqual([asked, fetched], [['/schemas/ids/7'], ['ids/7']]);
  });

  test('kept from a run before is not asked for', () => {
    const kept = createKeptSchemas();
    kept.keep('ids/7', { type: 'AVRO', text: '"long"', references: [] });
    const { schemas, asked } = fakeRegistry({}, { kept: kept.all() });
    assert.equal(schemas.find('ids/7')?.kind, 'usable');
    assert.deepEqual(asked, []);
  });

  test('comes with all that it refers to, the deepest first, and each once', async () => {
    const reference = (name: string) => ({ name, subject: `s/${name}`, version: 2 });
    const sources: SchemaSource[] = [];
    const path = (name: string) => `/subjects/s%2F${name}/versions/2?deleted=true`;
    const { schemas } = fakeRegistry(
      {
        '/schemas/guids/g': [
          { json: { schema: 'root', schemaType: 'JSON', references: [reference('a'), reference('b')] } },
        ],
        [path('a')]: [{ json: { schema: 'A', references: [reference('b')] } }],
        [path('b')]: [{ json: { schema: 'B', references: [reference('a')] } }],
      },
      { fetched: (_ref, source) => sources.push(source) },
    );
    await schemas.load('guids/g');
    assert.deepEqual(sources[0]?.references, [
      { name: 'b', text: 'B' },
      { name: 'a', text: 'A' },
    ]);
  });

  test('whose reference is missing cannot be used, and says which', async () => {
    const references = [{ name: 'a', subject: 's', version: 1 }];
    const { schemas } = fakeRegistry({ '/schemas/ids/7': [{ json: { ...LONG, references } }] });
    await schemas.load('ids/7');
    const entry = schemas.find('ids/7');
    assert.ok(entry?.kind === 'unusable' && entry.reason.includes('"a" (s, version 1)'));
  });

  for (const references of ['a', {}, [null], [{ name: 'a' }], [{ name: 'a', subject: 's', version: '1' }]])
    test(`whose references are ${JSON.stringify(references)} cannot be used`, async () => {
      const { schemas } = fakeRegistry({ '/schemas/ids/7': [{ json: { ...LONG, references } }] });
      await schemas.load('ids/7');
      assert.equal(schemas.find('ids/7')?.kind, 'unusable');
    });

  test('without references may say so with null', async () => {
    const { schemas } = fakeRegistry({ '/schemas/ids/7': [{ json: { ...LONG, references: null } }] });
    await schemas.load('ids/7');
    assert.equal(schemas.find('ids/7')?.kind, 'usable');
  });

  test('that the registry does not have is unknown, and asked for again after half a minute', async () => {
    let nowMs = 0;
    const { schemas } = fakeRegistry({}, { clock: () => nowMs });
    await schemas.load('ids/9');
    assert.deepEqual(schemas.find('ids/9'), { kind: 'unknown' });
    nowMs = 31_000;
    assert.equal(schemas.find('ids/9'), undefined);
  });

  test('is unknown where the registry does not know the path itself, as with GUIDs', async () => {
    const nothing = { status: 404, text: '<html>' };
    const { schemas } = fakeRegistry({
      '/schemas/guids/g': [nothing],
      '/schemas/types': [{ json: ['AVRO'] }],
    });
    await schemas.load('guids/g');
    assert.deepEqual(schemas.find('guids/g'), { kind: 'unknown' });
  });
});

describe('an outage is never what the registry says about a schema', () => {
  const OUTAGES: readonly { what: string; told: Told }[] = [
    { what: 'no connection', told: { code: 'ECONNREFUSED', reason: 'refused' } },
    { what: 'no answer in time', told: { code: '', reason: 'no answer within 10 s' } },
    { what: 'an error of the server', told: { status: 500, json: { error_code: 50001 } } },
    { what: 'a proxy without its server', told: { status: 502, text: 'Bad Gateway' } },
    { what: 'too many requests', told: { status: 429, text: '' } },
  ];
  for (const { what, told } of OUTAGES) {
    test(`${what} is waited for`, async () => {
      let signs = 0;
      const answers = { '/schemas/ids/7': [told, told, { json: LONG }] };
      const { schemas, asked } = fakeRegistry(answers, { alive: () => (signs += 1) });
      await schemas.load('ids/7');
      assert.equal(schemas.find('ids/7')?.kind, 'usable');
      assert.equal(asked.length, 3);
      assert.ok(signs >= 3);
    });
    test(`${what} for too long is REGISTRY_UNAVAILABLE`, async () => {
      const { schemas } = fakeRegistry({ '/schemas/ids/7': [told] }, { retryForMs: 50 });
      assert.equal(await codeOf(schemas.load('ids/7')), 'REGISTRY_UNAVAILABLE');
      assert.equal(schemas.find('ids/7'), undefined);
    });
  }

  const REFUSALS: readonly { what: string; told: Told }[] = [
    { what: 'missing credentials', told: { status: 401, json: {} } },
    { what: 'missing rights', told: { status: 403, json: {} } },
    {
      what: 'a certificate of somebody else',
      told: { code: 'ERR_TLS_CERT_ALTNAME_INVALID', reason: 'wrong host' },
    },
    {
      what: 'an address at which something else lives',
      told: { status: 404, text: '<html>not here</html>' },
    },
    { what: 'a page instead of JSON', told: { status: 200, text: '<html>log in</html>' } },
    { what: 'a redirect', told: { status: 302, text: '' } },
    { what: 'https to a port of http', told: { code: 'EPROTO', reason: 'write EPROTO 80BCEE…' } },
    { what: 'http to a port of https', told: { code: 'HPE_INVALID_CONSTANT', reason: 'Parse Error' } },
  ];
  for (const { what, told } of REFUSALS) {
    test(`${what}: REGISTRY_REFUSED at once`, async () => {
      const { schemas, asked } = fakeRegistry({ '/schemas/ids/7': [told], '/schemas/types': [told] });
      assert.equal(await codeOf(schemas.load('ids/7')), 'REGISTRY_REFUSED');
      assert.ok(asked.length <= 2);
    });
  }

  /** Registries at `http://a` and `http://b` that always say the same. */
  function twoAddresses(a: Told, b: Told) {
    const asked: string[] = [];
    const get: Get = (url) => {
      asked.push(url);
      return Promise.resolve(answerOf(url.startsWith('http://a') ? a : b));
    };
    const settings = {
      urls: ['http://a', 'http://b'],
      auth: { username: 'u', password: 'hunter2' },
      tls: null,
    };
    return { schemas: createHttpSchemas({ settings, get, retryForMs: 50 }), asked };
  }

  for (const { what, told } of [...OUTAGES, ...REFUSALS])
    test(`the second address is asked where the first has ${what}, and from then on it first`, async () => {
      const { schemas, asked } = twoAddresses(told, { json: LONG });
      await schemas.load('ids/1');
      await schemas.load('ids/2');
      const loads = asked.filter((url) => url.includes('/ids/'));
      assert.deepEqual(loads, ['http://a/schemas/ids/1', 'http://b/schemas/ids/1', 'http://b/schemas/ids/2']);
    });

  const DOWN: Told = { code: '', reason: 'gone' };
  const REFUSED: Told = { status: 401, json: {} };
  const COMBINATIONS = [
    {
      what: 'one address that refuses and one that is down',
      a: REFUSED,
      b: DOWN,
      is: 'REGISTRY_UNAVAILABLE',
    },
    { what: 'two addresses that refuse', a: REFUSED, b: REFUSED, is: 'REGISTRY_REFUSED' },
  ];
  for (const { what, a, b, is } of COMBINATIONS)
    test(`${what}: ${is}, and the error names both with their reasons, but no password`, async () => {
      const loading = twoAddresses(a, b).schemas.load('ids/1');
      await assert.rejects(loading, (error: Error & { code?: string }) => {
        assert.equal(error.code, is);
        assert.match(error.message, /http:\/\/a: .*401.*; http:\/\/b: /);
        assert.doesNotMatch(error.message, /hunter2|aHVudGVy|dTpodW50ZXIy/);
        return true;
      });
    });

  test('closing ends the waiting', async () => {
    const { schemas } = fakeRegistry({ '/schemas/ids/7': [{ code: '', reason: 'gone' }] });
    const loading = schemas.load('ids/7');
    schemas.close();
    await assert.rejects(loading);
  });
});

test('schemas kept across runs are bounded: the oldest go first', () => {
  const kept = createKeptSchemas(10);
  const source = (text: string): SchemaSource => ({ type: 'AVRO', text, references: [] });
  kept.keep('ids/1', source('aaaaa'));
  kept.keep('ids/2', source('bbbbb'));
  kept.keep('ids/2', source('bbbbb'));
  kept.keep('ids/3', source('cc'));
  assert.deepEqual(
    kept.all().map(([ref]) => ref),
    ['ids/2', 'ids/3'],
  );
});
