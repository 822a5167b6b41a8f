import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Kafka } from 'kafkajs';
import { repositoryFolder, type Binaries } from './binaries.js';
import { localKafka } from './kafka-client.js';
import { startServer, type Server } from './server.js';

const run = promisify(execFile);

/** How to start one KRaft broker that is its own controller. */
export interface KafkaOptions {
  readonly binaries: Binaries;
  /** Data and log of the broker; formatted at the first start, kept after. */
  readonly folder: string;
  readonly port: number;
  readonly controllerPort: number;
  /** Broker settings added to, or replacing, {@link kafkaSettings}. */
  readonly settings?: Readonly<Record<string, string>>;
  /** System properties of the broker's JVM. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Further arguments of `StorageTool format`, such as `--add-scram`. */
  readonly formatArgs?: readonly string[];
  /** What the brokers of one cluster have in common; a new one unless given. */
  readonly clusterId?: string;
  /** Asks whether it answers. Unless given it is kafkajs as we patch it, with which nothing else of this process can read records. */
  readonly client?: (address: string) => Kafka;
}

/** A running broker. */
export interface KafkaServer extends Server {
  /** Bootstrap address, `127.0.0.1:port`. */
  readonly address: string;
}

/** Output of one of Kafka's own command line tools. */
export interface ToolResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a broker and waits until it answers clients. */
export async function startKafka(options: KafkaOptions): Promise<KafkaServer> {
  const { binaries, folder, port, client = withoutRetries } = options;
  const address = `127.0.0.1:${port}`;
  const config = join(folder, 'server.properties');
  mkdirSync(folder, { recursive: true });
  writeFileSync(config, propertiesText({ ...kafkaSettings(options), ...options.settings }));
  if (!existsSync(join(folder, 'data', 'meta.properties'))) await format(options, config);
  const server = await startServer({
    name: 'Kafka',
    command: binaries.java,
    args: [...javaArgs(binaries, '512m', options.properties), 'kafka.Kafka', config],
    folder,
    logFile: join(folder, 'kafka.log'),
    stopWithinMs: 15_000,
    readyWithinMs: 60_000,
    ready: () => answers(client(address)),
  });
  return { ...server, address };
}

/** The settings of a single local broker: one replica of everything, no waiting for more members, quick housekeeping. */
export function kafkaSettings(options: KafkaOptions): Record<string, string> {
  const { port, controllerPort, folder } = options;
  return {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'log.dirs': join(folder, 'data'),
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '4',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    'log.cleaner.backoff.ms': '500',
    'log.cleaner.min.cleanable.ratio': '0.01',
    'log.initial.task.delay.ms': '500',
    'log.retention.check.interval.ms': '1000',
    'log.segment.delete.delay.ms': '1000',
  };
}

/** Runs one of Kafka's own tools, such as `org.apache.kafka.tools.consumer.group.ConsumerGroupCommand`; never rejects for a non-zero exit. */
export async function kafkaTool(
  binaries: Binaries,
  mainClass: string,
  args: readonly string[],
): Promise<ToolResult> {
  const command = [...javaArgs(binaries, '256m'), mainClass, ...args];
  try {
    const { stdout, stderr } = await run(binaries.java, command, {
      timeout: 60_000,
      maxBuffer: 64 * 1024 * 1024,
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: number | string; stdout?: string; stderr?: string };
    if (typeof code !== 'number') throw error;
    return { code, stdout: stdout ?? '', stderr: stderr ?? '' };
  }
}

function javaArgs(
  binaries: Binaries,
  heap: string,
  properties: Readonly<Record<string, string>> = {},
): string[] {
  const logging = join(repositoryFolder, 'stack', 'log4j2.properties');
  return [
    `-Xmx${heap}`,
    // A third less CPU for a start, and less for draining 200,000 records than with the optimising compiler: it never pays off here.
    '-XX:TieredStopAtLevel=1',
    '-XX:+UseSerialGC',
    `-Dlog4j2.configurationFile=${logging}`,
    ...Object.entries(properties).map(([name, value]) => `-D${name}=${value}`),
    '-cp',
    join(binaries.kafkaLibs, '*'),
  ];
}

async function format(options: KafkaOptions, config: string): Promise<void> {
  const { clusterId = newClusterId(), formatArgs = [] } = options;
  const args = ['format', '-t', clusterId, '-c', config, ...formatArgs];
  const { code, stdout, stderr } = await kafkaTool(options.binaries, 'kafka.tools.StorageTool', args);
  if (code !== 0)
    throw new Error(`Kafka's storage could not be formatted in ${options.folder}: ${stdout}${stderr}`);
}

/** For {@link KafkaOptions.clusterId}. */
export function newClusterId(): string {
  const id = randomBytes(16).toString('base64url');
  // A leading dash would be read as an option.
  return id.startsWith('-') ? newClusterId() : id;
}

function propertiesText(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

function withoutRetries(address: string): Kafka {
  return localKafka(address, 0);
}

async function answers(kafka: Kafka): Promise<boolean> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return (await admin.describeCluster()).brokers.length > 0;
  } finally {
    await admin.disconnect();
  }
}
