/** SASL OAUTHBEARER as RFC 7628 has it. kafkajs's own takes a refusal for success and fails later, with something else. */
import type { Mechanism } from 'kafkajs';
import type { OauthSettings } from '../config/settings.js';
import { DrainError } from '../errors.js';
import type { Tokens } from './oauth-token.js';
import { fatal } from './kafka-errors.js';

const SEPARATOR = '\x01';
/** The first four bytes are the length of the answer, as in the protocol before SaslAuthenticate. */
const LENGTH_BYTES = 4;

/** How kafkajs authenticates with tokens. */
export function oauthBearer({ extensions, clientId }: OauthSettings, tokens: Tokens): Mechanism {
  return {
    mechanism: 'oauthbearer',
    authenticationProvider: ({ saslAuthenticate }) => ({
      authenticate: async () => {
        const { token, isKept } = await tokens.get().catch((error: unknown) => {
          throw error instanceof DrainError && !error.retryable ? fatal(error) : error;
        });
        const refusal = await saslAuthenticate({
          request: { encode: () => firstMessage(token.value, extensions) },
          response,
        });
        if (typeof refusal !== 'string' || refusal === '') return;
        tokens.drop(token.value);
        // The answer that is due (RFC 7628, 3.2.3). The broker closes the connection then; otherwise the next attempt would go on in it.
        await saslAuthenticate({ request: { encode: () => withLength(SEPARATOR) } }).catch(() => undefined);
        throw isKept ? keptRefused(clientId) : fatal(refused(clientId, refusal));
      },
    }),
  };
}

const response = {
  decode: (raw: Buffer): Buffer => raw.subarray(LENGTH_BYTES),
  /** Empty where the token was accepted; otherwise a JSON object with `status` (RFC 7628, 3.2.2). */
  parse: (data: Buffer): string => data.toString('utf8'),
};

function firstMessage(token: string, extensions: OauthSettings['extensions']): Buffer {
  const pairs = Object.entries(extensions).map(([name, value]) => `${name}=${value}`);
  return withLength(['n,,', `auth=Bearer ${token}`, ...pairs, '', ''].join(SEPARATOR));
}

function withLength(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function refused(clientId: string, refusal: string): DrainError {
  const status = /"status"\s*:\s*"([A-Za-z_]{1,40})"/.exec(refusal)?.[1] ?? 'no reason given';
  return new DrainError(
    'KAFKA_REFUSED',
    `Kafka does not accept the token of client id ${JSON.stringify(clientId)} (${status}): check kafka.sasl.scope, and issuer and audience in the brokers' settings.`,
  );
}

/** kafkajs tries again, then with a new one. */
function keptRefused(clientId: string): DrainError {
  return new DrainError(
    'KAFKA_UNAVAILABLE',
    `Kafka no longer accepts the kept token of client id ${JSON.stringify(clientId)}; a new one is asked for.`,
  );
}
