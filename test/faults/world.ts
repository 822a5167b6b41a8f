import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinaries, type Binaries } from '../../stack/binaries.js';
import { startKafka, type KafkaServer } from '../../stack/kafka.js';
import { startMongodb, type MongodbServers } from '../../stack/mongod.js';
import { freePorts } from '../../stack/ports.js';
import { startTemporal, type TemporalServer } from '../../stack/temporal.js';
import { STACK_VARIABLE } from '../../stack/test-runner.js';
import { allOrNone, type ServerStarts, type StackAddresses } from '../../stack/stack.js';
import { createLink, type Link } from '../support/link.js';

/** The servers that episodes share, each a process that a fault can stop, kill and start again. */
export interface World {
  kafka: KafkaServer;
  /** A replica set of three. */
  mongodb: MongodbServers;
  temporal: TemporalServer;
  /** Leads to the broker, which tells clients that come through it to stay on it. */
  kafkaLink: Link;
  addresses: StackAddresses;
  /** For small files. */
  folder: string;
  close: () => Promise<void>;
}

/** Environment variable in which workers of lanes that ask for it (`through`) find their connection string. */
export const MONGODB_VARIABLE = 'KAFKA_DRAIN_FAULTS_MONGODB';

/** A primary that is gone is replaced within a few seconds instead of ten. */
const ELECTION_TIMEOUT_MS = 2_000;

/** Starts servers of its own on free ports, and puts their addresses where scenarios look for them. */
export async function startWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'kafka-drain-faults-'));
  const binaries = findBinaries();
  const ports = await freePorts(9);
  const [linkedPort = 0, linkPort = 0, ...rest] = ports;
  const listener = linkedListener({ linkedPort, linkPort });
  const [kafka, mongodb, temporal] = await allOrNone(startServers(binaries, folder, rest, listener));
  const kafkaLink = await createLink(`127.0.0.1:${String(linkedPort)}`, linkPort);
  const addresses = {
    kafka: kafka.address,
    mongodb: mongodb.uri,
    temporal: temporal.address,
    ui: temporal.ui,
    kafkaLibs: binaries.kafkaLibs,
    java: binaries.java,
  };
  process.env[STACK_VARIABLE] = JSON.stringify(addresses);
  process.env[MONGODB_VARIABLE] = addresses.mongodb;
  return {
    ...{ kafka, mongodb, temporal, kafkaLink, addresses, folder },
    close: async () => {
      await kafkaLink.close();
      for (const server of [temporal, mongodb, kafka]) await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function startServers(
  binaries: Binaries,
  folder: string,
  [port = 0, controllerPort = 0, temporalPort = 0, uiPort = 0, ...mongodbPorts]: number[],
  listener: (port: number, controllerPort: number) => Record<string, string>,
): ServerStarts {
  const settings = listener(port, controllerPort);
  return [
    startKafka({ binaries, folder: join(folder, 'kafka'), port, controllerPort, settings }),
    startMongodb({
      binaries,
      folder: join(folder, 'mongodb'),
      ports: mongodbPorts,
      settings: { electionTimeoutMillis: ELECTION_TIMEOUT_MS },
    }),
    startTemporal({ binaries, folder: join(folder, 'temporal'), port: temporalPort, uiPort }),
  ];
}

/** The settings for a second listener whose advertised address is the link's. */
function linkedListener({ linkedPort, linkPort }: Record<'linkedPort' | 'linkPort', number>) {
  const at = (name: string, port: number) => `${name}://127.0.0.1:${String(port)}`;
  return (port: number, controllerPort: number): Record<string, string> => ({
    listeners: `${at('PLAINTEXT', port)},${at('LINKED', linkedPort)},${at('CONTROLLER', controllerPort)}`,
    'advertised.listeners': `${at('PLAINTEXT', port)},${at('LINKED', linkPort)}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,LINKED:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
  });
}
