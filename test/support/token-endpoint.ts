import { createSign, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Identity } from './certificates.js';

const KEY_ID = 'tests';

/** A token endpoint as identity providers have them: client credentials in, signed tokens (RS256) out. */
export interface TokenEndpoint {
  url: string;
  /** The keys that brokers check signatures with (JWKS), JSON. */
  keys: string;
  clientId: string;
  clientSecret: string;
  /** How many tokens were given out. */
  given: () => number;
  /** What it does from now on; `stale`: tokens that have expired, `foreign`: tokens for another audience. */
  set: (mode: 'good' | 'stale' | 'foreign' | 'busy' | 'silent' | 'nonsense') => void;
  /** How long tokens are good, seconds. */
  setLifetime: (seconds: number) => void;
  close: () => Promise<void>;
}

type Mode = Parameters<TokenEndpoint['set']>[0];

const AUDIENCE = 'kafka';

/** @param server the certificate that it shows */
export async function startTokenEndpoint(server: Identity, clientSecret: string): Promise<TokenEndpoint> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const clientId = 'drain-client';
  const state = { mode: 'good' as Mode, given: 0, lifetimeS: 3_600 };
  const tokenOf = (scope: string): string => {
    const nowS = Math.floor(Date.now() / 1_000) - (state.mode === 'stale' ? 7_200 : 0);
    const audience = state.mode === 'foreign' ? 'elsewhere' : AUDIENCE;
    const claims = { sub: clientId, aud: audience, scope, iat: nowS, exp: nowS + state.lifetimeS };
    const text = [{ alg: 'RS256', typ: 'JWT', kid: KEY_ID }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    return `${text}.${createSign('RSA-SHA256').update(text).sign(privateKey).toString('base64url')}`;
  };
  const https = createServer({ cert: server.cert, key: server.key }, (request, response) => {
    void bodyOf(request).then((body) => {
      const send = (status: number, json: unknown) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
      };
      if (state.mode === 'silent') return;
      if (state.mode === 'busy') send(503, {});
      else if (state.mode === 'nonsense') send(200, ['welcome']);
      else if (!isClient(request, clientId, clientSecret)) send(401, { error: 'invalid_client' });
      else if (body.get('grant_type') !== 'client_credentials')
        send(400, { error: 'unsupported_grant_type' });
      else if (body.get('scope') === 'unknown') send(400, { error: 'invalid_scope' });
      else {
        state.given += 1;
        const token = tokenOf(body.get('scope') ?? 'default');
        send(200, { access_token: token, token_type: 'Bearer', expires_in: state.lifetimeS });
      }
    });
  });
  const port = await listen(https);
  return {
    url: `https://127.0.0.1:${String(port)}/token`,
    keys: JSON.stringify({
      keys: [{ ...publicKey.export({ format: 'jwk' }), kid: KEY_ID, alg: 'RS256', use: 'sig' }],
    }),
    ...{ clientId, clientSecret },
    given: () => state.given,
    set: (mode) => void (state.mode = mode),
    setLifetime: (seconds) => void (state.lifetimeS = seconds),
    close: () => close(https),
  };
}

/** Basic authentication, both parts URL-encoded (RFC 6749, 2.3.1). */
function isClient({ headers }: IncomingMessage, id: string, secret: string): boolean {
  const given = Buffer.from((headers.authorization ?? '').replace(/^Basic /, ''), 'base64').toString();
  const [givenId, givenSecret] = given
    .split(':')
    .map((part) => new URLSearchParams(`part=${part}`).get('part'));
  return givenId === id && givenSecret === secret;
}

async function bodyOf(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return new URLSearchParams(Buffer.concat(chunks).toString());
}

async function listen(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
