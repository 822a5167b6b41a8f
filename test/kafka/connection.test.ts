import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSource } from '../../src/kafka/kafkajs-source.js';
import { patchedKafkaJs } from '../../src/kafka/patched-kafkajs.js';
import { findBinaries } from '../../stack/binaries.js';
import { startKafka } from '../../stack/kafka.js';
import { freePorts } from '../../stack/ports.js';
import { stackFromEnvironment, temporaryFolder } from '../support/stack.js';
import { kafkaSettings } from './broker.js';
import { fromStart, startConsuming, untilTrue } from './consuming.js';

/** A link to the real broker that can go deaf: connections stay open, nothing passes any more. */
interface Link extends AsyncDisposable {
  port: number;
  hang: () => void;
  open: () => number;
}

async function startLink(to?: { host: string; port: number }): Promise<Link> {
  const sockets = new Set<net.Socket>();
  let hanging = to === undefined;
  const server = net.createServer((client) => {
    sockets.add(client);
    client.on('error', () => undefined).on('close', () => sockets.delete(client));
    if (to === undefined) {
      client.resume();
      return;
    }
    const upstream = net.connect(to).on('error', () => client.destroy());
    client.on('data', (data) => hanging || upstream.write(data));
    upstream.on('data', (data) => hanging || client.write(data));
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => hanging || client.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as net.AddressInfo).port,
    hang: () => void (hanging = true),
    open: () => sockets.size,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const place = { topics: { names: ['orders'] }, group: 'drain-orders' };

test('where nobody listens, planning fails as unavailable and names the address', async () => {
  const link = await startLink();
  await link[Symbol.asyncDispose]();
  const source = createSource({ kafka: kafkaSettings([`127.0.0.1:${link.port}`]), ...place });
  await assert.rejects(source.inspect(), {
    code: 'KAFKA_UNAVAILABLE',
    message: new RegExp(String(link.port)),
  });
  await source.close();
});

test('a plaintext port that is spoken to in TLS fails at once, with a hint', async () => {
  const ssl = { ca: null, cert: null, key: null, passphrase: null };
  const { kafka } = stackFromEnvironment();
  const source = createSource({ kafka: kafkaSettings([kafka], { ssl }), ...place });
  await assert.rejects(source.inspect(), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'KAFKA_UNAVAILABLE');
    assert.match(error.message, /remove kafka\.ssl/);
    return true;
  });
  await source.close();
});

test('a source whose broker never answers is closed all the same, with every socket', async () => {
  await using link = await startLink();
  const source = createSource({ kafka: kafkaSettings([`127.0.0.1:${link.port}`]), ...place });
  // looked at from the start: it may be refused while the source is still being closed
  const refused = assert.rejects(source.inspect(), { code: 'KAFKA_UNAVAILABLE' });
  const consuming = startConsuming(source, fromStart('t', 1), { ends: new Map() });
  await untilTrue('both are connected', () => link.open() === 2);
  await source.close();
  await refused;
  await consuming.ended;
  await untilTrue('no socket is left', () => link.open() === 0);
});

/** A broker of its own that tells every client to come through the link. */
async function startLinkedBroker(): Promise<Link & { topic: string }> {
  const [port = 0, controllerPort = 0] = await freePorts(2);
  const link = await startLink({ host: '127.0.0.1', port });
  const folder = temporaryFolder('linked');
  const settings = { 'advertised.listeners': `PLAINTEXT://127.0.0.1:${link.port}` };
  const binaries = findBinaries();
  const server = await startKafka({ binaries, folder: folder.path, port, controllerPort, settings });
  const topic = 'orders';
  const { Kafka } = patchedKafkaJs();
  const admin = new Kafka({ brokers: [`127.0.0.1:${link.port}`], clientId: 'setup' }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
  await admin.disconnect();
  return {
    ...link,
    topic,
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await link[Symbol.asyncDispose]();
      folder.remove();
    },
  };
}

test('a broker that goes deaf under a running member neither holds up its stop nor a close', async () => {
  await using link = await startLinkedBroker();
  const kafka = kafkaSettings([`127.0.0.1:${link.port}`]);
  const source = createSource({ kafka, topics: { names: [link.topic] }, group: 'g' });
  const consuming = startConsuming(source, fromStart(link.topic, 1), { ends: new Map([[0, 1n]]) });
  await untilTrue('it has joined', () => consuming.heard.length > 0);
  link.hang();
  await consuming.stop();
  await assert.rejects(Promise.all([source.inspect(), sleep(100).then(() => source.close())]), {
    code: 'KAFKA_UNAVAILABLE',
  });
  await untilTrue('no socket is left', () => link.open() === 0);
});
