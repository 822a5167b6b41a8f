import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Logger } from 'kafkajs';
import type { OauthSettings } from '../../src/config/settings.js';
import { DrainError } from '../../src/errors.js';
import { createKeptTokens } from '../../src/kafka/kept-tokens.js';
import { oauthBearer } from '../../src/kafka/oauth-bearer.js';
import { createTokens, type Token, type Tokens } from '../../src/kafka/oauth-token.js';
import { createAuthority, type Authority } from '../support/certificates.js';
import { startTokenEndpoint, type TokenEndpoint } from '../support/token-endpoint.js';
import { kafkaSettings } from './broker.js';

const HOUR_MS = 3_600_000;

/** As kafkajs authenticates, with a broker that gives this answer. */
async function authenticationWith(settings: OauthSettings, tokens: Tokens, answer: string): Promise<void> {
  const logger = {} as Logger;
  const saslAuthenticate = () => Promise.resolve(answer as never);
  const provider = oauthBearer(settings, tokens).authenticationProvider;
  await provider({ host: 'b', port: 1, logger, saslAuthenticate }).authenticate();
}

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
    const [{ token: one, isKept }, same] = await Promise.all([tokens.get(), tokens.get()]);
    assert.deepEqual([one, isKept], [same.token, same.isKept]);
    assert.equal(isKept, false);
    nowMs = 0.8 * HOUR_MS - 1;
    assert.deepEqual(await tokens.get(), { token: one, isKept: true });
    assert.equal(endpoint.given(), before + 1);
    nowMs += 1;
    assert.notEqual((await tokens.get()).token.refreshAtMs, one.refreshAtMs);
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
    assert.match((await tokens.get()).token.value, /^[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  test('that are kept from before are used as long as they are good; new ones are told, and that one was refused', async () => {
    const told: (Token | null)[] = [];
    const changed = (token: Token | null) => void told.push(token);
    const kept = { value: 'kept', refreshAtMs: 1_000 };
    const tokens = createTokens({ settings, kept, changed, now: () => 999 });
    assert.equal((await tokens.get()).token.value, 'kept');
    assert.deepEqual(told, []);
    const later = createTokens({ settings, kept, changed, now: () => 1_000 });
    const { token } = await later.get();
    assert.deepEqual(told, [token]);
    later.drop('another');
    later.drop(token.value);
    assert.deepEqual(told.slice(1), [null]);
  });

  test('that are kept and refused are no lasting refusal: a new one is shown, and only that ends the run', async () => {
    const kept = { value: 'kept', refreshAtMs: Number.MAX_SAFE_INTEGER };
    const tokens = createTokens({ settings, kept });
    const authenticate = () => authenticationWith(settings, tokens, '{"status":"invalid_token"}');
    await assert.rejects(authenticate, { code: 'KAFKA_UNAVAILABLE', message: /a new one is asked for/ });
    await assert.rejects(authenticate, (error: Error & { retriable?: boolean }) => {
      assert.equal(error.retriable, false);
      assert.ok(error.cause instanceof DrainError);
      assert.equal(error.cause.code, 'KAFKA_REFUSED');
      return true;
    });
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
