import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { OauthSettings } from '../../src/config/settings.js';
import { createKeptTokens } from '../../src/kafka/kept-tokens.js';
import { createTokens, type Token } from '../../src/kafka/oauth-token.js';
import { createAuthority, type Authority } from '../support/certificates.js';
import { startTokenEndpoint, type TokenEndpoint } from '../support/token-endpoint.js';
import { kafkaSettings } from './broker.js';

const HOUR_MS = 3_600_000;

describe('access tokens', () => {
  let authority: Authority;
  let endpoint: TokenEndpoint;
  let settings: OauthSettings;
  before(async () => {
    authority = await createAuthority();
    endpoint = await startTokenEndpoint(await authority.issue({ name: 'idp' }), 'a secret: 100 %+');
    settings = {
      mechanism: 'oauthbearer',
      tokenEndpoint: endpoint.url,
      clientId: endpoint.clientId,
      clientSecret: endpoint.clientSecret,
      scope: null,
      extensions: {},
      tls: { ca: authority.cert, cert: null, key: null, passphrase: null },
    };
  });
  after(() => endpoint.close());

  test('are asked for once by all who need one at the same time, and used until 80 % of their lifetime are over', async () => {
    let nowMs = 0;
    const before = endpoint.given();
    const tokens = createTokens({ settings, now: () => nowMs });
    const [one, same] = await Promise.all([tokens.get(), tokens.get()]);
    assert.equal(one, same);
    nowMs = 0.8 * HOUR_MS - 1;
    assert.equal(await tokens.get(), one);
    assert.equal(endpoint.given(), before + 1);
    nowMs += 1;
    assert.notEqual((await tokens.get()).refreshAtMs, one.refreshAtMs);
    assert.equal(endpoint.given(), before + 2);
  });

  test('that live for a minute are for one connection only: what is left of them would be too little for the next', async () => {
    endpoint.setLifetime(60);
    const before = endpoint.given();
    const tokens = createTokens({ settings });
    await tokens.get();
    await tokens.get();
    endpoint.setLifetime(3_600);
    assert.equal(endpoint.given(), before + 2);
  });

  test('are asked for again after a failure', async () => {
    const tokens = createTokens({ settings });
    endpoint.set('busy');
    await assert.rejects(tokens.get(), { code: 'KAFKA_UNAVAILABLE' });
    endpoint.set('good');
    assert.match((await tokens.get()).value, /^[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  test('that are kept from before are used as long as they are good; new ones are told, and that one was refused', async () => {
    const told: (Token | null)[] = [];
    const changed = (token: Token | null) => void told.push(token);
    const kept = { value: 'kept', refreshAtMs: 1_000 };
    const tokens = createTokens({ settings, kept, changed, now: () => 999 });
    assert.equal((await tokens.get()).value, 'kept');
    assert.deepEqual(told, []);
    const later = createTokens({ settings, kept, changed, now: () => 1_000 });
    const token = await later.get();
    assert.deepEqual(told, [token]);
    later.drop('another');
    later.drop(token.value);
    assert.deepEqual(told.slice(1), [null]);
  });

  test('outlive runs only for the same connection: another secret needs another token', () => {
    const tokens = createKeptTokens();
    const kafka = kafkaSettings(['b:1'], { sasl: settings });
    const token = { value: 't', refreshAtMs: 1 };
    tokens.of(kafka).changed(token);
    assert.equal(tokens.of(kafka).kept, token);
    const rotated = kafkaSettings(['b:1'], { sasl: { ...settings, clientSecret: 'new' } });
    assert.equal(tokens.of(rotated).kept, null);
  });

  test('nobody listens at the endpoint: an outage, with its address', async () => {
    const tokens = createTokens({ settings: { ...settings, tokenEndpoint: 'https://127.0.0.1:1/token' } });
    await assert.rejects(tokens.get(), {
      code: 'KAFKA_UNAVAILABLE',
      message: /The token endpoint https:\/\/127\.0\.0\.1:1\/token doesn't answer: connect ECONNREFUSED/,
    });
  });
});
