import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { findBinaries } from '../../stack/binaries.js';
import { localKafka } from '../../stack/kafka-client.js';
import { startMongodb } from '../../stack/mongod.js';
import { assertPortsFree, freePorts, isPortFree, portsInUse } from '../../stack/ports.js';
import { startServer } from '../../stack/server.js';
import { createTopic } from '../../stack/topics.js';
import { waitUntil } from '../../stack/wait.js';
import { runKafkaTool, stackFromEnvironment, temporaryFolder } from '../support/stack.js';

const CHILD = `
import { startServer } from ${JSON.stringify(new URL('../../stack/server.js', import.meta.url).href)};
const server = await startServer({
  name: 'a stubborn server', command: process.execPath, folder: process.cwd(), logFile: process.argv[1] + '/log',
  args: ['-e', 'process.on("SIGTERM", () => console.log("ignored")); setInterval(() => undefined, 1000)'],
  stopWithinMs: 500, readyWithinMs: 5000, ready: async () => true,
});
console.log(server.pid());
setInterval(() => undefined, 1000);`;

void test('kill -9 of the parent leaves no server process, even one that ignores SIGTERM', async () => {
  const { path, remove } = temporaryFolder('orphans');
  const parent = spawn(process.execPath, ['--input-type=module', '-e', CHILD, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
    const server = Number(line);
    assert.ok(existsSync(`/proc/${server}`));
    parent.kill('SIGKILL');
    await waitUntil('the server is gone', () => Promise.resolve(!existsSync(`/proc/${server}`)), {
      timeoutMs: 5_000,
    });
  } finally {
    parent.kill('SIGKILL');
    remove();
  }
});

void test('a server that ends during its start is reported with the last lines of its log', async () => {
  const { path, remove } = temporaryFolder('early');
  try {
    const start = startServer({
      name: 'A server',
      command: process.execPath,
      args: ['-e', 'console.log("no licence to run"); process.exit(3)'],
      folder: path,
      logFile: join(path, 'server.log'),
      stopWithinMs: 1_000,
      readyWithinMs: 10_000,
      ready: () => Promise.resolve(false),
    });
    await assert.rejects(start, /A server did not start: .*exit code 3[^]*server\.log[^]*no licence to run/);
  } finally {
    remove();
  }
});

void test('a program that does not exist is named', async () => {
  const { path, remove } = temporaryFolder('missing');
  try {
    const start = startServer({
      name: 'A server',
      command: join(path, 'nothing-here'),
      args: [],
      folder: path,
      logFile: join(path, 'server.log'),
      stopWithinMs: 1_000,
      readyWithinMs: 10_000,
      ready: () => Promise.resolve(true),
    });
    await assert.rejects(start, /A server did not start: .*nothing-here/);
  } finally {
    remove();
  }
});

void test('ports in use are named in one sentence with their server and the way out', async () => {
  assert.equal(
    portsInUse([{ port: 17092, purpose: 'Kafka' }], 'choose others with --port-base'),
    'Port 17092 (for Kafka) on 127.0.0.1 is already in use: stop what listens there, or choose others with --port-base.',
  );
  const [port = 0] = await freePorts(1);
  const holder = createServer().listen(port, '127.0.0.1');
  await once(holder, 'listening');
  try {
    await assert.rejects(assertPortsFree([{ port, purpose: 'Temporal' }], 'wait'), /\(for Temporal\)/);
  } finally {
    holder.close();
  }
});

void test('free ports are different and free', async () => {
  const ports = await freePorts(20);
  assert.equal(new Set(ports).size, 20);
  for (const port of ports) assert.ok(await isPortFree(port));
});

void test('the Web UI is where one looks for it, a thousand ports above Temporal, also on free ports', () => {
  const { temporal, ui } = stackFromEnvironment();
  assert.equal(Number(new URL(ui).port), Number(temporal.split(':')[1]) + 1000);
});

void test("Kafka's own group tool reaches the shared broker", async () => {
  const { kafka } = stackFromEnvironment();
  const tool = 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand';
  const { code, stderr } = await runKafkaTool(tool, ['--bootstrap-server', kafka, '--list']);
  assert.equal(code, 0, stderr);
});

void test('a topic can be written to as soon as it is created, and created twice', async () => {
  const kafka = localKafka(stackFromEnvironment().kafka);
  const admin = kafka.admin();
  await admin.connect();
  try {
    for (let round = 0; round < 10; round += 1) {
      const topic = `created-${process.pid}-${round}`;
      await createTopic(admin, { topic, numPartitions: 6 });
      await createTopic(admin, { topic, numPartitions: 6 });
      assert.equal((await admin.fetchTopicOffsets(topic)).length, 6);
    }
  } finally {
    await admin.disconnect();
  }
});

void test('a replica set of three elects another primary after kill -9 of the first, which can come back', async () => {
  const { path, remove } = temporaryFolder('replicas');
  const set = await startMongodb({
    binaries: findBinaries(),
    folder: path,
    ports: await freePorts(3),
    settings: { electionTimeoutMillis: 1_000, heartbeatIntervalMillis: 300 },
  });
  try {
    const first = await set.primary();
    await first.kill('SIGKILL');
    assert.equal(first.isRunning(), false);
    const second = await set.primary();
    assert.notEqual(second, first);
    await first.restart();
    assert.equal(first.isRunning(), true);
  } finally {
    await set.stop();
    remove();
  }
});
