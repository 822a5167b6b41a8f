/** Authentication at the brokers, as the program uses it. */
import { isReadableUrl, required, toTls, type FileReader } from './connections.js';
import type { Path } from './problem.js';
import type { FileConfig } from './schema.js';
import type { KafkaSettings, OauthSettings } from './settings.js';

type Written = NonNullable<FileConfig['kafka']['sasl']>;

const PATH = ['kafka', 'sasl'];
const PASSWORD_KEYS = ['username', 'password', 'passwordFile'] as const;
const OAUTH_KEYS = [
  'tokenEndpoint',
  'clientId',
  'clientSecret',
  'clientSecretFile',
  'scope',
  'extensions',
  'ssl',
] as const;

/** `null`: none, or one that can't be used; the mistakes are the reader's. */
export function toSasl(
  { sasl, ssl }: Partial<FileConfig['kafka']>,
  reader: FileReader,
): KafkaSettings['sasl'] {
  if (sasl === undefined) return null;
  const { mechanism } = sasl;
  const isReadable = (ssl === undefined || ssl === false) && sasl.allowPlaintext !== true;
  if (isReadable && (mechanism === 'plain' || mechanism === 'oauthbearer')) {
    const what = mechanism === 'plain' ? 'the password' : 'the token';
    const text = `${mechanism} sends ${what} readable and needs TLS: set kafka.ssl, or, where nobody can listen, kafka.sasl.allowPlaintext: true`;
    reader.problems.push({ path: [...PATH, 'mechanism'], text });
  }
  refuseKeys(sasl, mechanism === 'oauthbearer' ? PASSWORD_KEYS : OAUTH_KEYS, reader);
  if (mechanism === 'oauthbearer') return toOauth(sasl, reader);
  const { password: value, passwordFile: file } = sasl;
  return {
    mechanism,
    username: needed('username', sasl.username, reader),
    password: required({ path: PATH, key: 'password', value, file }, reader),
  };
}

function refuseKeys(sasl: Written, keys: readonly (keyof Written)[], { problems }: FileReader): void {
  for (const key of keys) {
    if (sasl[key] === undefined) continue;
    problems.push({ path: [...PATH, key], text: `isn't for the mechanism ${sasl.mechanism}`, atKey: true });
  }
}

function toOauth(sasl: Written, reader: FileReader): OauthSettings {
  const tokenEndpoint = needed('tokenEndpoint', sasl.tokenEndpoint, reader);
  if (isReadableUrl(tokenEndpoint) && sasl.allowPlaintext !== true) {
    const text = 'http sends the secret readable to another machine: use https';
    reader.problems.push({ path: [...PATH, 'tokenEndpoint'], text });
  }
  const { clientSecret: value, clientSecretFile: file, ssl } = sasl;
  return {
    mechanism: 'oauthbearer',
    tokenEndpoint,
    clientId: needed('clientId', sasl.clientId, reader),
    clientSecret: required({ path: PATH, key: 'clientSecret', value, file }, reader),
    scope: sasl.scope ?? null,
    extensions: sasl.extensions ?? {},
    tls: ssl === undefined ? null : toTls([...PATH, 'ssl'], ssl, reader),
  };
}

function needed(key: string, value: string | undefined, { problems }: FileReader): string {
  const path: Path = [...PATH, key];
  if (value === undefined) problems.push({ path, text: 'missing; expected a text' });
  return value ?? '';
}
