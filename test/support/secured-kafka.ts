import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findBinaries } from '../../stack/binaries.js';
import { kafkaTool, startKafka } from '../../stack/kafka.js';
import { freePorts } from '../../stack/ports.js';
import { createAuthority, writePrivate, type Authority, type Identity } from './certificates.js';
import { temporaryFolder } from './stack.js';
import { startTokenEndpoint, type TokenEndpoint } from './token-endpoint.js';

/** The doors of the broker: each a listener of its own. */
const DOORS = ['mtls', 'tls', 'sasl', 'saslPlaintext', 'expired', 'elsewhere'] as const;
export type Door = (typeof DOORS)[number];

const PROTOCOLS: Readonly<Record<Door, string>> = {
  /** Wants a client certificate. */
  mtls: 'SSL',
  /** Wants none. */
  tls: 'SSL',
  /** PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER over TLS. */
  sasl: 'SASL_SSL',
  /** The same without TLS. */
  saslPlaintext: 'SASL_PLAINTEXT',
  /** Shows a certificate that has expired. */
  expired: 'SSL',
  /** Shows a certificate for another host name. */
  elsewhere: 'SSL',
};

/** A broker with TLS, SASL and ACLs. The user of password and certificate has no rights until they are given. */
export interface SecuredKafka extends AsyncDisposable {
  /** `host:port` of each door. */
  addresses: Readonly<Record<Door, string>>;
  /** A door for the tests themselves, without TLS, with all rights. */
  adminAddress: string;
  authority: Authority;
  /** Of the authority that the broker trusts; its principal is `User:CN=drain-client`. */
  client: Identity;
  user: { username: string; password: string };
  tokens: TokenEndpoint;
  folder: string;
  /** Kafka's own `kafka-acls.sh` and `kafka-configs.sh`, with all rights. */
  acls: (...args: readonly string[]) => Promise<void>;
  configs: (...args: readonly string[]) => Promise<void>;
}

export async function startSecuredKafka(password = 'broker-secret'): Promise<SecuredKafka> {
  const { path: folder, remove } = temporaryFolder('secured');
  const authority = await createAuthority();
  const server = await authority.issue({ name: 'broker' });
  const user = { username: 'drain', password };
  const tokens = await startTokenEndpoint(server, 'client secret/%');
  const [port = 0, controllerPort = 0, ...doorPorts] = await freePorts(2 + DOORS.length);
  const binaries = findBinaries();
  const ports = DOORS.map((door, index) => ({ door, port: doorPorts[index] ?? 0 }));
  const stores = await writeStores(folder, authority, server);
  writeFileSync(join(folder, 'jwks.json'), tokens.keys);
  const jwks = `file://${join(folder, 'jwks.json')}`;
  const kafka = await startKafka({
    ...{ binaries, folder, port, controllerPort },
    settings: {
      ...listeners({ port, controllerPort, ports }),
      ...stores,
      ...authentication(user, jwks),
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
    },
    properties: { 'org.apache.kafka.sasl.oauthbearer.allowed.urls': jwks },
    formatArgs: ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${user.username},password=${user.password}]`,
    ]),
  });
  const tool = async (mainClass: string, args: readonly string[]) => {
    const { code, stdout, stderr } = await kafkaTool(binaries, mainClass, [
      ...['--bootstrap-server', kafka.address],
      ...args,
    ]);
    if (code !== 0) throw new Error(`${mainClass}: ${stdout}${stderr}`);
  };
  return {
    addresses: Object.fromEntries(
      ports.map(({ door, port: own }) => [door, `127.0.0.1:${String(own)}`]),
    ) as Record<Door, string>,
    adminAddress: kafka.address,
    authority,
    client: await authority.issue({ name: 'drain-client' }),
    ...{ user, tokens, folder },
    acls: (...args) => tool('org.apache.kafka.tools.AclCommand', args),
    configs: (...args) => tool('kafka.admin.ConfigCommand', args),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([kafka.stop(), tokens.close()]);
      remove();
    },
  };
}

interface Ports {
  port: number;
  controllerPort: number;
  ports: readonly { door: Door; port: number }[];
}

function listeners({ port, controllerPort, ports }: Ports): Record<string, string> {
  const doors = ports.map(({ door, port: own }) => `${nameOf(door)}://127.0.0.1:${String(own)}`);
  const all = [`PLAINTEXT://127.0.0.1:${String(port)}`, ...doors];
  const protocols = DOORS.map((door) => `${nameOf(door)}:${PROTOCOLS[door]}`);
  return {
    listeners: [...all, `CONTROLLER://127.0.0.1:${String(controllerPort)}`].join(','),
    'advertised.listeners': all.join(','),
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': ['PLAINTEXT:PLAINTEXT', 'CONTROLLER:PLAINTEXT', ...protocols].join(','),
  };
}

function nameOf(door: Door): string {
  return door.toUpperCase();
}

async function writeStores(
  folder: string,
  authority: Authority,
  server: Identity,
): Promise<Record<string, string>> {
  const store = (name: string, { cert, key }: Identity) =>
    writePrivate(folder, `${name}.pem`, `${key}\n${cert}`);
  const expired = await authority.issue({ name: 'broker', expired: true });
  const elsewhere = await authority.issue({ name: 'broker', hosts: ['kafka.example.com'] });
  return {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': store('server', server),
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': writePrivate(folder, 'ca.pem', authority.cert),
    'listener.name.mtls.ssl.client.auth': 'required',
    'listener.name.expired.ssl.keystore.location': store('expired', expired),
    'listener.name.elsewhere.ssl.keystore.location': store('elsewhere', elsewhere),
  };
}

const SECURITY = 'org.apache.kafka.common.security';

function authentication({ username, password }: SecuredKafka['user'], jwks: string): Record<string, string> {
  const modules: Readonly<Record<string, string>> = {
    plain: `${SECURITY}.plain.PlainLoginModule required user_${username}="${password}";`,
    'scram-sha-256': `${SECURITY}.scram.ScramLoginModule required;`,
    'scram-sha-512': `${SECURITY}.scram.ScramLoginModule required;`,
    oauthbearer: `${SECURITY}.oauthbearer.OAuthBearerLoginModule required;`,
  };
  const settings = ['sasl', 'saslplaintext'].flatMap((listener) => [
    ...Object.entries(modules).map(([mechanism, text]) => [
      `listener.name.${listener}.${mechanism}.sasl.jaas.config`,
      text,
    ]),
    [
      `listener.name.${listener}.oauthbearer.sasl.server.callback.handler.class`,
      `${SECURITY}.oauthbearer.OAuthBearerValidatorCallbackHandler`,
    ],
  ]);
  return {
    ...(Object.fromEntries(settings) as Record<string, string>),
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    // sessions end with their tokens (KIP-368)
    'connections.max.reauth.ms': '3600000',
    'sasl.oauthbearer.jwks.endpoint.url': jwks,
    'sasl.oauthbearer.expected.audience': 'kafka',
    // the default one takes the part of a client here, and looks at neither time nor audience
    'sasl.oauthbearer.jwt.validator.class': `${SECURITY}.oauthbearer.BrokerJwtValidator`,
  };
}
