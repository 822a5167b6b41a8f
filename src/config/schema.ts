/** What people may write in the configuration file. Defaults and their reasons are in `defaults.ts`. */
import { z } from 'zod';
import {
  ADDRESS_PATTERN,
  address,
  duration,
  flag,
  integer,
  mapping,
  oneOf,
  text,
  type TextRule,
} from './fields.js';
import { PIPELINE } from './pipeline-schema.js';

const BROKER: TextRule = {
  pattern: ADDRESS_PATTERN,
  allowed: 'an address host:port, for instance localhost:9092',
};
const DATABASE: TextRule = {
  pattern: /^[^\s/\\."$*<>:|?\0]{1,63}$/,
  allowed: 'the name of a MongoDB database: up to 63 characters, none of / \\ . " $ * < > : | ? or blanks',
};
const MONGODB_URI: TextRule = {
  pattern: /^mongodb(\+srv)?:\/\/\S+$/,
  allowed: 'a connection string that begins with mongodb:// or mongodb+srv://',
};

const file = (what: string) =>
  text(`${what}; a file, relative to this one.`, { pattern: /\S/, allowed: 'the path of a file' });

const TLS = mapping(
  {
    ca: file('Certificates of the authorities that are trusted, PEM').optional(),
    cert: file('Certificate of this client, PEM').optional(),
    key: file('Private key of this client, PEM').optional(),
    passphrase: text('Passphrase of the private key.').optional(),
    passphraseFile: file('Passphrase of the private key').optional(),
  },
  'TLS with own authorities or a client certificate.',
);

const URL: TextRule = {
  pattern: /^https?:\/\/[^\s/@?#]+(?:\/[^\s@#]*)?$/,
  allowed: 'an address that begins with https:// or http://, without user name or blanks',
};
/** RFC 7628, 3.1: names of letters, values of printable characters. */
const EXTENSION: TextRule = {
  pattern: /^[\x20-\x7E\t\r\n]+$/,
  allowed: 'a text of printable ASCII characters',
};

const SASL = mapping(
  {
    mechanism: oneOf(
      ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'],
      'plain and oauthbearer need TLS.',
    ),
    username: text('User name; not for oauthbearer.').optional(),
    password: text('Password; better `${KAFKA_PASSWORD}` or `passwordFile`.').optional(),
    passwordFile: file('Password').optional(),
    tokenEndpoint: text(
      'For oauthbearer: where tokens are had by the client-credentials flow.',
      URL,
    ).optional(),
    clientId: text('For oauthbearer: client id at the token endpoint.').optional(),
    clientSecret: text(
      'For oauthbearer: secret; better `${KAFKA_CLIENT_SECRET}` or `clientSecretFile`.',
    ).optional(),
    clientSecretFile: file('Secret').optional(),
    scope: text('For oauthbearer: scopes to ask for, with blanks between them.').optional(),
    extensions: z
      .record(
        z.string().regex(/^[A-Za-z]+$/, { error: 'a name of letters' }),
        text('Its value.', EXTENSION),
        {
          error: 'a mapping of names (letters) to texts',
        },
      )
      .describe('For oauthbearer: SASL extensions, for instance `logicalCluster` and `identityPoolId`.')
      .optional(),
    ssl: TLS.optional(),
    allowPlaintext: flag(
      'Allows plain and oauthbearer without TLS, where nobody can listen. Default: false.',
    ).optional(),
  },
  'Authentication at the brokers.',
);

export const KAFKA = mapping(
  {
    brokers: z
      .array(text('host:port', BROKER), { error: 'a list of addresses host:port' })
      .min(1, { error: 'a list of at least one address host:port' })
      .describe('Bootstrap servers.'),
    clientId: text('Name by which the brokers know this client. Default: kafka-drain.').optional(),
    ssl: z
      .union([flag('TLS with the authorities Node trusts.'), TLS], {
        error: 'true, false or a mapping with the keys ca, cert, key, passphrase, passphraseFile',
      })
      .optional(),
    sasl: SASL.optional(),
  },
  'The Kafka cluster.',
);

export const MONGODB = mapping(
  {
    uri: text(
      'Connection string of a replica set; better `${MONGODB_URI}` or `uriFile`.',
      MONGODB_URI,
    ).optional(),
    uriFile: file('Connection string').optional(),
    ssl: TLS.optional(),
    database: text('Database of all collections.', DATABASE),
  },
  'The MongoDB replica set.',
);

const REGISTRY_URL_ERROR =
  'an address that begins with http:// or https://, without user name, question mark or blanks, for instance https://registry:8081';
const REGISTRY_URL = z
  .string({ error: REGISTRY_URL_ERROR })
  .regex(/^https?:\/\/[^\s/@?#]+(?:\/[^\s@?#]*)?$/, { error: REGISTRY_URL_ERROR });

export const SCHEMA_REGISTRY = mapping(
  {
    url: z
      .union(
        [
          REGISTRY_URL,
          z.array(REGISTRY_URL, { error: REGISTRY_URL_ERROR }).min(1, { error: REGISTRY_URL_ERROR }),
        ],
        {
          error: REGISTRY_URL_ERROR,
        },
      )
      .describe('Its address, or a list of addresses of one registry.'),
    username: text('User name of basic authentication (Confluent Cloud: the API key).').optional(),
    password: text('Password; better `${REGISTRY_PASSWORD}` or `passwordFile`.').optional(),
    passwordFile: file('Password').optional(),
    ssl: TLS.optional(),
  },
  "Confluent's Schema Registry, or one that speaks its API; for the formats avro, protobuf and json-schema.",
);

export const WORKER = mapping(
  {
    taskQueue: text('Temporal task queue; drains use <taskQueue>-drain. Default: kafka-drain.').optional(),
    health: address('host:port of /healthz and /readyz. Default: off.').optional(),
    metrics: address('host:port of the Prometheus endpoint. Default: off.').optional(),
    maxConcurrentDrains: integer(
      { min: 2, max: 64 },
      'Drains at once on one worker; at least 2, so that a hung one cannot starve the others. Default: 4.',
    ).optional(),
    threadHeapMb: integer(
      { min: 64, max: 65_536 },
      'JavaScript heap of one drain thread, MiB. Default: 512.',
    ).optional(),
    heartbeatInterval: duration(
      'How often a running drain reports to Temporal. Default: 1s; 5s is advised where heartbeats are billed.',
      { min: 100, max: 60_000 },
    ).optional(),
    searchAttributes: flag(
      'Whether runs set search attributes; register them first with `kafka-drain setup`. Default: false.',
    ).optional(),
  },
  'The worker process.',
);

export const PIPELINE_NAME: TextRule = {
  pattern: /^[a-z0-9][a-z0-9._-]*$/,
  allowed: 'a name of small letters, digits, dots, dashes and underscores, beginning with a letter or digit',
};

const NAME = z.string().regex(PIPELINE_NAME.pattern, { error: PIPELINE_NAME.allowed });

export const CONFIG = mapping(
  {
    kafka: KAFKA,
    mongodb: MONGODB,
    schemaRegistry: SCHEMA_REGISTRY.optional(),
    worker: WORKER.optional(),
    pipelines: z
      .record(NAME, PIPELINE, {
        error: (issue) =>
          issue.code === 'invalid_key' ? PIPELINE_NAME.allowed : 'a mapping of pipeline names to pipelines',
      })
      .refine((pipelines) => Object.keys(pipelines).length > 0, { error: 'at least one pipeline' })
      .describe('Pipelines by name.'),
  },
  'Configuration of kafka-drain.',
);

export type FileConfig = z.output<typeof CONFIG>;
