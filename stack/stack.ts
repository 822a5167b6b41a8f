import { join } from 'node:path';
import { findBinaries, type Binaries } from './binaries.js';
import { startKafka, type KafkaOptions, type KafkaServer } from './kafka.js';
import { startMongodb, type MongodbOptions, type MongodbServers } from './mongod.js';
import { assertPortsFree, freePorts, isPortFree, type ServerPort } from './ports.js';
import { startTemporal, type TemporalServer } from './temporal.js';

/** The ports of the local stack, all on 127.0.0.1. */
export interface StackPorts {
  readonly kafka: number;
  readonly kafkaController: number;
  readonly mongodb: number;
  readonly temporal: number;
  readonly temporalUi: number;
  /** Not a server of the stack: for the health endpoint of a worker beside it. */
  readonly workerHealth: number;
}

/** How to start all three servers. */
export interface StackOptions {
  /** Data and logs, one folder per server below it. */
  readonly folder: string;
  /** Free ports unless given. */
  readonly ports?: StackPorts;
  /** What the user can do about a port in use; completes "stop what listens there, or …". */
  readonly portRemedy?: string;
  /** Found by {@link findBinaries} unless given. */
  readonly binaries?: Binaries;
  readonly kafka?: Pick<KafkaOptions, 'settings' | 'formatArgs'>;
  readonly mongodb?: Pick<MongodbOptions, 'args' | 'cache' | 'settings'>;
}

/** Where to reach a stack; plain data that can cross process borders. */
export interface StackAddresses {
  readonly kafka: string;
  readonly mongodb: string;
  readonly temporal: string;
  readonly ui: string;
  readonly kafkaLibs: string;
  readonly java: string;
}

/** The three running servers. */
export interface Stack {
  readonly kafka: KafkaServer;
  readonly mongodb: MongodbServers;
  readonly temporal: TemporalServer;
  readonly addresses: StackAddresses;
  /** Stops Temporal, then MongoDB, then Kafka. */
  stop: () => Promise<void>;
}

/**
 * Ports that resemble the servers' usual ones: base 17000 gives Kafka 17092, MongoDB 17017, Temporal 17233 and its Web UI 18233.
 */
export function portsFrom(base: number): StackPorts {
  return {
    kafka: base + 92,
    kafkaController: base + 93,
    mongodb: base + 17,
    temporal: base + 233,
    temporalUi: base + 1233,
    workerHealth: base + 80,
  };
}

/** Starts Kafka, MongoDB and Temporal at the same time; when one fails, the others are stopped and its error is thrown. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const binaries = options.binaries ?? findBinaries();
  const ports = options.ports ?? (await freeStackPorts());
  await assertPortsFree(portList(ports), options.portRemedy ?? 'choose other ports');
  const [kafka, mongodb, temporal] = await allOrNone(startAll(options, binaries, ports));
  return {
    kafka,
    mongodb,
    temporal,
    addresses: {
      kafka: kafka.address,
      mongodb: mongodb.uri,
      temporal: temporal.address,
      ui: temporal.ui,
      kafkaLibs: binaries.kafkaLibs,
      java: binaries.java,
    },
    stop: async () => {
      for (const server of [temporal, mongodb, kafka]) await server.stop();
    },
  };
}

/** Waits until all have started; when one fails, the others are stopped and its error is thrown. */
export async function allOrNone<T extends readonly Promise<Pick<KafkaServer, 'stop'>>[]>(
  starts: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const results = await Promise.allSettled<Pick<KafkaServer, 'stop'>>(starts);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) {
    for (const result of results) if (result.status === 'fulfilled') await result.value.stop();
    throw failed.reason;
  }
  return Promise.all(starts);
}

export type ServerStarts = [Promise<KafkaServer>, Promise<MongodbServers>, Promise<TemporalServer>];

function startAll(options: StackOptions, binaries: Binaries, ports: StackPorts): ServerStarts {
  const folder = (name: string): string => join(options.folder, name);
  return [
    startKafka({
      binaries,
      folder: folder('kafka'),
      port: ports.kafka,
      controllerPort: ports.kafkaController,
      ...options.kafka,
    }),
    startMongodb({ binaries, folder: folder('mongodb'), ports: [ports.mongodb], ...options.mongodb }),
    startTemporal({ binaries, folder: folder('temporal'), port: ports.temporal, uiPort: ports.temporalUi }),
  ];
}

async function freeStackPorts(): Promise<StackPorts> {
  for (;;) {
    const ports = await freePorts(5);
    const [kafka = 0, kafkaController = 0, mongodb = 0, temporal = 0, workerHealth = 0] = ports;
    // Where Temporal's dev server has it, and where everybody looks for it.
    const temporalUi = temporal + 1000;
    if (ports.includes(temporalUi) || !(await isPortFree(temporalUi))) continue;
    return { kafka, kafkaController, mongodb, temporal, temporalUi, workerHealth };
  }
}

function portList(ports: StackPorts): ServerPort[] {
  return [
    { port: ports.kafka, purpose: 'Kafka' },
    { port: ports.kafkaController, purpose: "Kafka's controller" },
    { port: ports.mongodb, purpose: 'MongoDB' },
    { port: ports.temporal, purpose: 'Temporal' },
    { port: ports.temporalUi, purpose: "Temporal's Web UI" },
    { port: ports.workerHealth, purpose: "a worker's health" },
  ];
}
