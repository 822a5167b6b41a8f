import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { findBinaries } from '../../stack/binaries.js';
import { newClusterId, startKafka, type KafkaServer } from '../../stack/kafka.js';
import { freePorts } from '../../stack/ports.js';
import { allOrNone } from '../../stack/stack.js';
import { temporaryFolder } from './stack.js';

const NODES = [1, 2, 3] as const;

/** Three brokers, every topic on all of them, writable while one is away, which the others notice within two seconds. */
export interface KafkaCluster extends AsyncDisposable {
  addresses: string[];
  /** By its id, as in the cluster's metadata. */
  broker: (node: number) => KafkaServer;
}

export async function startKafkaCluster(): Promise<KafkaCluster> {
  const { path, remove } = temporaryFolder('cluster');
  const binaries = findBinaries();
  const clusterId = newClusterId();
  const ports = await freePorts(2 * NODES.length);
  const members = NODES.map((node, index) => {
    const [port = 0, controllerPort = 0] = ports.slice(2 * index);
    return { node, port, controllerPort };
  });
  const voters = members.map(
    ({ node, controllerPort }) => `${String(node)}@127.0.0.1:${String(controllerPort)}`,
  );
  // None of them is ready before a second one is there.
  const starts = members.map(({ node, port, controllerPort }) => {
    const folder = join(path, String(node));
    const options = { binaries, clusterId, port, controllerPort, folder, client: plainKafka };
    return startKafka({ ...options, settings: { ...replicated(), ...nodeOf(node, voters) } });
  });
  const servers = await allOrNone(starts).catch((error: unknown) => {
    remove();
    throw error;
  });
  return {
    addresses: servers.map(({ address }) => address),
    broker: (node) => {
      const server = servers[node - 1];
      if (server === undefined) throw new Error(`there is no broker ${String(node)}`);
      return server;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(servers.map((server) => server.kill('SIGKILL')));
      remove();
    },
  };
}

function nodeOf(node: number, voters: readonly string[]): Record<string, string> {
  return { 'node.id': String(node), 'controller.quorum.voters': voters.join(',') };
}

function replicated(): Record<string, string> {
  const replicas = String(NODES.length);
  return {
    'default.replication.factor': replicas,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'min.insync.replicas': '2',
    'broker.session.timeout.ms': '2000',
    'broker.heartbeat.interval.ms': '500',
  };
}

/** Tests read the topics with it in the same process. */
function plainKafka(address: string): Kafka {
  return new Kafka({ brokers: [address], logLevel: logLevel.NOTHING, retry: { retries: 0 } });
}
