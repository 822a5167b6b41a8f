import net from 'node:net';
import tls from 'node:tls';
import type {
  Admin,
  ISocketFactoryArgs,
  Kafka,
  KafkaConfig,
  LogEntry,
  Mechanism,
  SASLOptions,
} from 'kafkajs';
import type { KafkaSettings } from '../config/settings.js';
import { DrainError } from '../errors.js';
import { tlsOptions } from '../tls.js';
import { oauthBearer } from './oauth-bearer.js';
import { createTokens, type Tokens } from './oauth-token.js';
import { patchedKafkaJs } from './patched-kafkajs.js';
import type { RawBroker } from './topic-identity.js';

/**
 * Where kafkajs's own complaints go, all as warnings: what really ends a run is thrown. They name peers, never contents or
 * secrets.
 */
export type SourceLog = (level: 'warn', message: string) => void;

/** One kafkajs client with all of its sockets in sight. */
export interface KafkaClient {
  kafka: Kafka;
  /**
   * Destroys every open socket, with an error, so that whatever waits for an answer fails at once; later ones are refused.
   * The way out of any hang.
   */
  cut: (reason: string) => void;
  /** The same without a word, for when nobody waits for anything any more. */
  close: () => void;
}

/** Every single wait is at most 15 s, below the stall timeout, so that a hang shows as an error before it shows as silence. */
export const CONNECTION_TIMEOUT_MS = 5_000;
export const REQUEST_TIMEOUT_MS = 15_000;
/** Gives up after about 3 s; whoever started us tries again 10 s later, when a new leader or coordinator is elected. */
export const RETRY = { retries: 3, initialRetryTime: 200, maxRetryTime: 2_000 };

const KEEP_ALIVE_MS = 60_000;

/** What is received at once, at most. */
const RECEIVE_BYTES = 256 * 1024;

export interface ClientOptions {
  log?: SourceLog | undefined;
  /** Needed for OAUTHBEARER. */
  tokens?: Tokens | undefined;
}

/** A client of its own per run: whatever kafkajs keeps (a group's offsets, metadata) ends with it. Errors: `UNPATCHED_CLIENT`. */
export function createClient(settings: KafkaSettings, { log, tokens }: ClientOptions = {}): KafkaClient {
  const { Kafka, logLevel } = patchedKafkaJs();
  const sockets = new Set<net.Socket>();
  let refusal: string | undefined;
  const kafka = new Kafka({
    ...connectionConfig(settings, tokens),
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => {
      if (!isThrownToo(entry)) log?.('warn', logText(entry));
    },
    socketFactory: (args) => {
      if (refusal !== undefined) throw new Error(refusal);
      return track(openSocket(args), sockets);
    },
  });
  const end = (reason: string, error?: Error): void => {
    refusal = reason;
    for (const socket of sockets) socket.destroy(error);
  };
  return { kafka, cut: (reason) => end(reason, new Error(reason)), close: () => end('closed') };
}

function connectionConfig(
  { brokers, clientId, ssl, sasl }: KafkaSettings,
  tokens: Tokens | undefined,
): KafkaConfig {
  return {
    brokers,
    clientId,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    authenticationTimeout: REQUEST_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: RETRY,
    ...(ssl === null ? {} : { ssl: { ...tlsOptions(ssl) } }),
    ...(sasl === null ? {} : { sasl: mechanismOf(sasl, tokens) }),
  };
}

function mechanismOf(
  sasl: NonNullable<KafkaSettings['sasl']>,
  tokens: Tokens | undefined,
): SASLOptions | Mechanism {
  if (sasl.mechanism !== 'oauthbearer') return sasl as SASLOptions;
  return oauthBearer(sasl, tokens ?? createTokens({ settings: sasl }));
}

/** As kafkajs's own factory does it; without `setNoDelay` a heartbeat can wait behind an unacknowledged fetch request. */
function openSocket({ host, port, ssl, onConnect }: ISocketFactoryArgs): net.Socket {
  // The typings say there is always one; without TLS kafkajs passes none.
  const options = ssl as tls.ConnectionOptions | null;
  const servername = net.isIP(host) === 0 ? { servername: host } : {};
  const onread = receiveInto(() => socket);
  const address = { host, port, onread };
  const socket: net.Socket = options
    ? tls.connect({ ...address, ...servername, ...options }, onConnect)
    : net.connect(address, onConnect);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  socket.setNoDelay(true);
  return socket;
}

/**
 * Receives into the same memory again and again. By itself Node makes a buffer of 64 KiB for each piece, and what is allocated
 * outside of JavaScript's heap counts for its garbage collector. Whoever listens must copy, as `processData` does.
 */
function receiveInto(socket: () => net.Socket): net.OnReadOpts {
  return {
    buffer: Buffer.allocUnsafeSlow(RECEIVE_BYTES),
    callback: (bytes, buffer) => {
      socket().emit('data', Buffer.from(buffer.buffer, buffer.byteOffset, bytes));
      return true;
    },
  };
}

function track(socket: net.Socket, sockets: Set<net.Socket>): net.Socket {
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
  return socket;
}

/** What ends a consumer, errors of ours among them: thrown as well, and told by whoever catches it. */
function isThrownToo({ log }: LogEntry): boolean {
  return log.message.startsWith('Crash: ');
}

function logText({ namespace, log }: LogEntry): string {
  const { broker, groupId } = log as { broker?: unknown; groupId?: unknown };
  const place = [broker, groupId].filter((part) => typeof part === 'string').join(', ');
  return `kafkajs ${namespace}: ${log.message}${place === '' ? '' : ` (${place})`}`;
}

/** An admin client, with a way to a broker for the one request that kafkajs doesn't know. */
export interface AdminClient {
  admin: Admin;
  cluster: () => AdminCluster;
}

interface AdminBroker extends RawBroker {
  findGroupCoordinator: (group: { groupId: string; coordinatorType: number }) => Promise<unknown>;
}

/** The parts of kafkajs's cluster that the admin client doesn't show. */
export interface AdminCluster {
  brokerPool: { findConnectedBroker: () => Promise<AdminBroker> };
  addMultipleTargetTopics: (topics: string[]) => Promise<void>;
  /** By the id of the broker; of topics whose metadata is there already. */
  findLeaderForPartitions: (topic: string, partitions: number[]) => Record<string, number[]>;
  findBroker: (node: { nodeId: string }) => Promise<{ fetch: (request: FetchRequest) => Promise<unknown> }>;
  findGroupCoordinator: (group: { groupId: string }) => Promise<Coordinator>;
}

interface Coordinator {
  heartbeat: (member: { groupId: string; groupGenerationId: number; memberId: string }) => Promise<unknown>;
  leaveGroup: (member: { groupId: string; memberId: string }) => Promise<void>;
}

interface FetchRequest {
  replicaId: number;
  isolationLevel: number;
  maxWaitTime: number;
  minBytes: number;
  maxBytes: number;
  topics: {
    topic: string;
    partitions: { partition: number; fetchOffset: string; maxBytes: number }[];
  }[];
}

/** Catches the cluster that kafkajs makes for the admin client and keeps to itself, to spare a second connection. */
export function createAdmin(kafka: Kafka): AdminClient {
  const symbol = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  );
  if (symbol === undefined) throw new DrainError('UNPATCHED_CLIENT', 'kafkajs has no createCluster');
  const createCluster = Reflect.get(kafka, symbol) as (options: unknown) => AdminCluster;
  let cluster: AdminCluster | undefined;
  Reflect.set(kafka, symbol, (options: unknown) => (cluster = createCluster(options)));
  const admin = kafka.admin();
  Reflect.set(kafka, symbol, createCluster);
  return {
    admin,
    cluster: () => {
      if (cluster === undefined) throw new DrainError('UNPATCHED_CLIENT', 'kafkajs made no cluster');
      return cluster;
    },
  };
}
