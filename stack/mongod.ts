import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient, type Document, type MongoClientOptions } from 'mongodb';
import type { Binaries } from './binaries.js';
import { startServer, type Server } from './server.js';
import { waitUntil } from './wait.js';

/** How to start a replica set `rs0` of one or more members on 127.0.0.1. */
export interface MongodbOptions {
  readonly binaries: Binaries;
  /** Data and logs, one folder per member below it; kept between starts. */
  readonly folder: string;
  /** One port per member. */
  readonly ports: readonly number[];
  /** `small`, unless told: 0.5 GB each, so that many servers fit beside each other. `default`: MongoDB's own, half of the memory. */
  readonly cache?: 'small' | 'default';
  /** Further arguments of every mongod, such as `--auth`. */
  readonly args?: readonly string[];
  /** How they are connected to, where `args` want TLS or authentication; with all rights. */
  readonly client?: MongoClientOptions;
  /** Settings of `rs0` added to the initial ones, such as a shorter election timeout. */
  readonly settings?: Document;
}

/** A running replica set. */
export interface MongodbServers {
  /** Connection string with every member and the set's name. */
  readonly uri: string;
  readonly members: readonly Server[];
  /** The member that is primary right now; waits up to 30 s for one. */
  primary: () => Promise<Server>;
  /** Stops every member. */
  stop: () => Promise<void>;
}

const SET_NAME = 'rs0';

/** Starts the members, initiates the set (or adapts it to new ports) and waits for a primary. */
export async function startMongodb(options: MongodbOptions): Promise<MongodbServers> {
  const hosts = options.ports.map((port) => `127.0.0.1:${port}`);
  const { client = {} } = options;
  const command: Command = (host, document) => commandAt(host, document, client);
  const started = await Promise.allSettled(
    options.ports.map((port, index) => startMember(options, port, index, command)),
  );
  const members = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(members.map((member) => member.stop()));
  };
  try {
    const failed = started.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    await configureSet(hosts, options.settings, command);
    const primary = async (): Promise<Server> => findPrimary(hosts, members, command);
    await primary();
    await waitUntil('every member follows the primary', () => allFollow(hosts, command), {
      timeoutMs: 60_000,
    });
    return { uri: `mongodb://${hosts.join(',')}/?replicaSet=${SET_NAME}`, members, primary, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Command = (host: string, document: Document) => Promise<Document>;

function startMember(
  options: MongodbOptions,
  port: number,
  index: number,
  command: Command,
): Promise<Server> {
  const folder = join(options.folder, `member-${index}`);
  mkdirSync(join(folder, 'data'), { recursive: true });
  return startServer({
    name: 'mongod',
    command: options.binaries.mongod,
    args: [...mongodArgs(folder, port), ...cacheArgs(options.cache), ...(options.args ?? [])],
    folder,
    logFile: join(folder, 'mongod.log'),
    stopWithinMs: 15_000,
    readyWithinMs: 30_000,
    ready: async () => (await command(`127.0.0.1:${port}`, { ping: 1 }))['ok'] === 1,
  });
}

function mongodArgs(folder: string, port: number): string[] {
  return [
    ...['--replSet', SET_NAME, '--bind_ip', '127.0.0.1', '--port', String(port), '--nounixsocket'],
    ...['--dbpath', join(folder, 'data'), '--oplogSize', '512', '--quiet'],
    ...['--setParameter', 'diagnosticDataCollectionEnabled=false', '--setParameter', 'ttlMonitorSleepSecs=5'],
  ];
}

function cacheArgs(cache: MongodbOptions['cache'] = 'small'): string[] {
  return cache === 'small' ? ['--wiredTigerCacheSizeGB', '0.5'] : [];
}

async function configureSet(
  hosts: readonly string[],
  settings: Document | undefined,
  command: Command,
): Promise<void> {
  const [first = ''] = hosts;
  const members = hosts.map((host, index) => ({ _id: index, host, priority: index === 0 ? 2 : 1 }));
  const config = { _id: SET_NAME, members, ...(settings ? { settings } : {}) };
  const existing = await currentConfig(first, command);
  if (!existing) await command(first, { replSetInitiate: config });
  // Kept data names the ports of an earlier start.
  else if (!sameHosts(existing, hosts)) {
    const version = Number(existing['version']) + 1;
    await command(first, { replSetReconfig: { ...existing, members, version }, force: true });
  }
}

async function currentConfig(host: string, command: Command): Promise<Document | undefined> {
  try {
    return (await command(host, { replSetGetConfig: 1 }))['config'] as Document;
  } catch (error) {
    if (error instanceof Error && 'codeName' in error && error.codeName === 'NotYetInitialized')
      return undefined;
    throw error;
  }
}

function sameHosts(config: Document, hosts: readonly string[]): boolean {
  const members = config['members'] as readonly { host: string }[];
  return members.length === hosts.length && members.every(({ host }) => hosts.includes(host));
}

async function findPrimary(
  hosts: readonly string[],
  members: readonly Server[],
  command: Command,
): Promise<Server> {
  let found: Server | undefined;
  await waitUntil(
    'a MongoDB primary was found',
    async () => {
      for (const [index, host] of hosts.entries()) {
        const member = members[index];
        if (member?.isRunning() && (await isPrimary(host, command))) found = member;
      }
      return found !== undefined;
    },
    { timeoutMs: 30_000 },
  );
  if (!found) throw new Error('no MongoDB primary');
  return found;
}

// A member still in its initial copy can't vote for another primary, so a failover right after the start would find none.
async function allFollow(hosts: readonly string[], command: Command): Promise<boolean> {
  for (const host of hosts) {
    const { isWritablePrimary, secondary } = await command(host, { hello: 1 });
    if (isWritablePrimary !== true && secondary !== true) return false;
  }
  return true;
}

async function isPrimary(host: string, command: Command): Promise<boolean> {
  try {
    return (await command(host, { hello: 1 }))['isWritablePrimary'] === true;
  } catch {
    return false;
  }
}

async function commandAt(host: string, document: Document, options: MongoClientOptions): Promise<Document> {
  const client = new MongoClient(`mongodb://${host}/?directConnection=true`, {
    ...options,
    serverSelectionTimeoutMS: 1_000,
  });
  try {
    return await client.db('admin').command(document);
  } finally {
    await client.close();
  }
}
