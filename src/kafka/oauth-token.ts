/** Access tokens for SASL OAUTHBEARER, by the client-credentials flow of OAuth 2.0 (RFC 6749, 4.4). */
import * as oauth from 'oauth4webapi';
import type { OauthSettings } from '../config/settings.js';
import { DrainError } from '../errors.js';
import { sendHttp } from '../http.js';
import { tlsFault, tlsNames, tlsOptions } from '../tls.js';

export interface Token {
  value: string;
  /** Wall clock, milliseconds; from here on it is asked for anew. */
  refreshAtMs: number;
}

/** A token to show to a broker. */
export interface ShownToken {
  token: Token;
  /** Not fetched for this authentication: the endpoint may have changed its mind, or its keys, since then. */
  isKept: boolean;
}

/** Where tokens come from. */
export interface Tokens {
  /** Errors: `KAFKA_REFUSED`, `KAFKA_UNAVAILABLE`; they name the token endpoint, never the secret. */
  get: () => Promise<ShownToken>;
  /** A broker refused it: the next one is asked for anew. */
  drop: (value: string) => void;
}

/** How tokens outlive the client that fetched them. */
export interface TokenKeeping {
  /** One that is known already; used for as long as it is good. */
  kept: Token | null;
  /** A new one was had, for others to use it as well; `null`: the kept one is no good. */
  changed: (token: Token | null) => void;
}

export interface TokenOptions extends Partial<TokenKeeping> {
  settings: OauthSettings;
  /** Wall clock, milliseconds: a token's age is told in it, and it is the same in every thread. */
  now?: () => number;
}

/** Kafka's own client refreshes after 80 % of the lifetime (`sasl.login.refresh.window.factor`). */
const REFRESH_AFTER = 0.8;
/**
 * A token that has less to live isn't shown to brokers. kafkajs authenticates anew 10 s before a session ends, which is when its
 * token ends (KIP-368): with less it would do so at once, again and again, and the broker refuses that.
 */
const SHORTEST_REST_S = 60;
const SECOND_MS = 1_000;
/** Where the endpoint doesn't say for how long the token is good. */
const UNKNOWN_LIFETIME_S = 60;
/** Below the client's limit for authentication, so that this error comes first. */
const LIMITS = { timeoutMs: 10_000, maxBytes: 1024 * 1024 } as const;

/** Keeps a token for as long as it is good; brokers that are connected to at the same time wait for the same one. */
export function createTokens({ settings, kept = null, changed, now = Date.now }: TokenOptions): Tokens {
  let token = kept;
  let fetching: Promise<ShownToken> | null = null;
  const fetchAnew = async (): Promise<ShownToken> => {
    try {
      token = await fetchToken(settings, now);
      changed?.(token);
      return { token, isKept: false };
    } finally {
      fetching = null;
    }
  };
  return {
    get: () =>
      token !== null && now() < token.refreshAtMs
        ? Promise.resolve({ token, isKept: true })
        : (fetching ??= fetchAnew()),
    drop: (value) => {
      if (token?.value !== value) return;
      token = null;
      changed?.(null);
    },
  };
}

async function fetchToken(settings: OauthSettings, now: () => number): Promise<Token> {
  const { tokenEndpoint, clientId, clientSecret, scope } = settings;
  const server = { issuer: new URL(tokenEndpoint).origin, token_endpoint: tokenEndpoint };
  const client = { client_id: clientId };
  try {
    const response = await oauth.clientCredentialsGrantRequest(
      server,
      client,
      oauth.ClientSecretBasic(clientSecret),
      new URLSearchParams(scope === null ? {} : { scope }),
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked to stand out; the configuration decides whether http will do
      { [oauth.customFetch]: fetchWith(settings), [oauth.allowInsecureRequests]: true },
    );
    const { access_token: value, expires_in: lifetimeS = UNKNOWN_LIFETIME_S } =
      await oauth.processClientCredentialsResponse(server, client, response);
    const usableS = Math.min(lifetimeS * REFRESH_AFTER, lifetimeS - SHORTEST_REST_S);
    return { value, refreshAtMs: now() + usableS * SECOND_MS };
  } catch (error) {
    throw asTokenError(error, settings);
  }
}

type Fetch = NonNullable<oauth.ClientCredentialsGrantRequestOptions[typeof oauth.customFetch]>;

function fetchWith(settings: OauthSettings): Fetch {
  const tls = tlsOptions(settings.tls);
  return async (url, { method, headers, body }) => {
    const request = { ...LIMITS, headers, tls, body: body.toString() };
    const answer = await sendHttp(url, { ...request, method });
    if (answer.kind === 'no-answer') throw noAnswer(answer, settings);
    const { status } = answer;
    if (status === 429 || status >= 500) throw unavailable(settings, `HTTP ${String(status)}`);
    return new Response(answer.body, { status, headers: { 'content-type': answer.contentType } });
  };
}

function noAnswer({ code, reason }: { code: string; reason: string }, settings: OauthSettings): DrainError {
  const names = tlsNames('kafka.sasl.ssl', 'kafka.sasl.tokenEndpoint');
  const fault = tlsFault({ code, message: reason }, names, settings.tls?.cert ?? null);
  return fault === null ? unavailable(settings, reason) : refused(settings, fault);
}

/** The body may quote what was sent: of it only the code is told, and that only if it is one of RFC 6749, 5.2. */
function asTokenError(error: unknown, settings: OauthSettings): DrainError {
  if (error instanceof DrainError) return error;
  if (error instanceof oauth.ResponseBodyError && /^[a-z_]{1,40}$/.test(error.error)) {
    const what = `client id ${JSON.stringify(settings.clientId)}`;
    const remedy = 'check kafka.sasl.clientId, clientSecret and scope';
    return refused(settings, `${error.error} for ${what}; ${remedy}`);
  }
  if (error instanceof oauth.WWWAuthenticateChallengeError)
    return refused(
      settings,
      'it does not accept client id and secret; check kafka.sasl.clientId and clientSecret',
    );
  return refused(settings, 'its answer is not that of a token endpoint; check kafka.sasl.tokenEndpoint');
}

function refused({ tokenEndpoint }: OauthSettings, reason: string): DrainError {
  return new DrainError('KAFKA_REFUSED', `The token endpoint ${tokenEndpoint} refused: ${reason}.`);
}

function unavailable({ tokenEndpoint }: OauthSettings, reason: string): DrainError {
  return new DrainError(
    'KAFKA_UNAVAILABLE',
    `The token endpoint ${tokenEndpoint} doesn't answer: ${reason}.`,
  );
}
