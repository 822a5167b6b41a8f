import type { RunLimits } from '../contract.js';

/**
 * The configuration after reading, checking and filling in of defaults. Durations are milliseconds, paths absolute.
 * `schema.ts` says what people may write and why the defaults are what they are.
 */
export interface Settings {
  kafka: KafkaSettings;
  mongodb: MongodbSettings;
  /** `null`: no pipeline needs one. */
  schemaRegistry: SchemaRegistrySettings | null;
  worker: WorkerSettings;
  pipelines: ReadonlyMap<string, PipelineSettings>;
}

export interface KafkaSettings {
  brokers: string[];
  clientId: string;
  /** `null`: plaintext. PEM texts, already read from their files. */
  ssl: TlsSettings | null;
  /** `null`: no authentication but by a client certificate. */
  sasl: PasswordSettings | OauthSettings | null;
}

export interface PasswordSettings {
  mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  username: string;
  password: string;
}

/** Tokens by the client-credentials flow of OAuth 2.0 (RFC 6749, 4.4), sent as RFC 7628 says. */
export interface OauthSettings {
  mechanism: 'oauthbearer';
  tokenEndpoint: string;
  clientId: string;
  clientSecret: string;
  /** With blanks between several; `null`: whatever the token endpoint gives. */
  scope: string | null;
  extensions: Readonly<Record<string, string>>;
  /** For the token endpoint; `null`: nothing of our own. */
  tls: TlsSettings | null;
}

/** PEM texts; `ca: null`: the authorities Node trusts. */
export interface TlsSettings {
  ca: string | null;
  cert: string | null;
  key: string | null;
  passphrase: string | null;
}

export interface SchemaRegistrySettings {
  /** Of one registry, without a slash at the end; asked one after the other. */
  urls: string[];
  auth: { username: string; password: string } | null;
  /** For `https`; `null`: nothing of our own. */
  tls: TlsSettings | null;
}

export interface MongodbSettings {
  uri: string;
  database: string;
  /** Beside what the URI says of TLS; `null`: nothing. */
  tls: TlsSettings | null;
  /** The client certificate in the file that the URI names, PEM, without its key; the driver reads the file by itself. */
  uriCert: string | null;
}

/** What a run connects by; read anew for each. */
export type Connections = Pick<Settings, 'kafka' | 'mongodb' | 'schemaRegistry'>;

export interface WorkerSettings {
  taskQueue: string;
  /** `host:port` of `/healthz` and `/readyz`; `null`: off. */
  healthAddress: string | null;
  /** `host:port` of the Prometheus endpoint; `null`: off. */
  metricsAddress: string | null;
  /** How many drains this worker runs at once; at least 2, so that a hung one can't starve the others. */
  maxConcurrentDrains: number;
  /** JavaScript heap of one drain thread, MiB. */
  threadHeapMb: number;
  /** How often a running drain reports to Temporal. */
  heartbeatIntervalMs: number;
  /** Whether runs upsert search attributes; they must be registered first (`kafka-drain setup`). */
  searchAttributes: boolean;
}

/** Which topics a pipeline reads: these, or all whose whole name matches a regular expression. */
export type TopicSelection = { names: readonly string[] } | { pattern: string };
export type StartPolicy = 'earliest' | 'latest' | 'fail' | { timestampMs: number };
/** Those whose records name a schema of the registry. */
export const REGISTRY_FORMATS = ['avro', 'protobuf', 'json-schema'] as const;
export type RegistryFormat = (typeof REGISTRY_FORMATS)[number];
export type ValueFormat = 'json' | 'extended-json' | 'bson' | 'string' | 'bytes' | RegistryFormat;
export type KeyFormat = 'string' | 'bytes' | 'json' | RegistryFormat;
/** How `_id` is made from a record: `fields` and `keyFields` make an object of them, in this order, `field` and `keyField` the bare value. */
export type DocumentIdRule =
  | { from: 'key'; format: KeyFormat }
  | { from: 'field'; field: string }
  | { from: 'fields'; fields: string[] }
  | { from: 'keyField'; field: string; format: KeyFormat }
  | { from: 'keyFields'; fields: string[]; format: KeyFormat }
  | { from: 'coordinates' };
/** What decides which of two records of one document id is newer. `source`: the change's place in the source database's log. */
export type VersionRule = { by: 'offset' | 'timestamp' | 'source' } | { by: 'field'; field: string };
export type OverlapPolicy =
  'skip' | 'bufferOne' | 'bufferAll' | 'cancelOther' | 'terminateOther' | 'allowAll';

export interface PipelineSettings {
  name: string;
  topics: TopicSelection;
  /** The topics in words, for people. */
  topic: string;
  group: string;
  /** With `${topic}` in it where each topic has a collection of its own: see `collectionFor`. */
  collection: string;
  /** 1, and raised by an operator to accept a break of the log once. */
  epoch: number;
  value: ValueFormat;
  /** What becomes of JSON integers that a double can't hold. */
  largeIntegers: 'reject' | 'long' | 'decimal' | 'string';
  /** Paths of the value's fields that become dates. */
  dates: string[];
  /** What a value is wrapped in. */
  envelope: 'none' | 'debezium' | 'connect';
  transform: TransformSettings | null;
  recordLimits: RecordLimits;
  documentId: DocumentIdRule;
  version: VersionRule;
  deletes: 'soft' | 'hard' | 'ignore';
  /** How long a tombstone protects against resurrection before it is purged. */
  tombstoneWindowMs: number;
  start: StartPolicy;
  until: 'end-offsets' | 'idle';
  onDataLoss: 'fail' | 'skip';
  deadLetters: DeadLetterSettings;
  schedule: ScheduleSettings;
  limits: RunLimits;
  catchUp: boolean;
  /** How many drains of one run share its partitions, at most. */
  members: number;
  /** Of the settings that decide what is read and written: two workers that differ in it must not share a run. */
  fingerprint: string;
}

/** The user's own step between decoding and document id. */
export interface TransformSettings {
  /** Absolute path of the module. */
  file: string;
  /** Of the file's content, SHA-256 in hexadecimal digits: workers with another one must not share a run. */
  hash: string;
}

/** What a value may have at most; checked before it is parsed, where its format allows that. */
export interface RecordLimits {
  maxBytes: number;
  /** Levels of objects and arrays, the value itself being the first. */
  maxDepth: number;
  /** Of all its objects together. */
  maxKeys: number;
}

export interface DeadLetterSettings {
  collection: string;
  /** `count`: of a run; `ratio`: of what a run has read of a partition; `null`: no limit, and the usual one. */
  tolerate: 'all' | 'none' | { count: number | null; ratio: number | null };
  /** `null`: kept for ever. */
  expireAfterMs: number | null;
}

export interface ScheduleSettings {
  every: { intervalMs: number; offsetMs: number } | null;
  cron: { expressions: string[]; timezone: string | null } | null;
  jitterMs: number;
  overlap: OverlapPolicy;
  catchupWindowMs: number;
}
