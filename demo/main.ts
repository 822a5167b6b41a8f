import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { outcomeOf, type RunRef } from '../src/commands/run-outcome.js';
import { runUrl } from '../src/commands/temporal-client.js';
import { scheduleIdOf, type RunResult } from '../src/contract.js';
import { localKafka } from '../stack/kafka-client.js';
import type { Server } from '../stack/server.js';
import { untilStopped } from '../stack/signals.js';
import { portsFrom, startStack, type Stack } from '../stack/stack.js';
import { kafkaDrain } from './command.js';
import { PIPELINE, writeDemoFiles, type DemoFiles } from './files.js';
import { lookAtMongodb } from './look.js';
import { recentRuns, watchRuns } from './runs.js';
import { createSteps, type Steps } from './steps.js';
import { commandsText, resultText, runLine } from './text.js';
import { createSampleTopic, fillTopic } from './topic.js';
import { createTrickle, type Trickle } from './trickle.js';
import { startWorker } from './worker.js';

/** The options of `npm start`. */
export interface DemoOptions {
  /** Data, logs and configuration of the demo. */
  readonly folder: string;
  readonly portBase: number;
  /** End after the first result. */
  readonly once: boolean;
  /** Begin with empty servers. */
  readonly fresh: boolean;
}

interface Demo {
  readonly stack: Stack;
  readonly files: DemoFiles;
  readonly client: Client;
  readonly trickle: Trickle;
  readonly worker: Server;
}

const NAMESPACE = 'default';
const SCHEDULE = scheduleIdOf(PIPELINE);
// Rounds of new orders before the first run of a later start, so that it has something to show.
const CATCH_UP_ROUNDS = 40;
const REVIVE_MS = 2_000;

/**
 * Starts everything, shows the result of a first run, then keeps ticking until Ctrl-C.
 * @returns the exit code: 0 after a good first result, 1 after a bad one, 130 if stopped before it
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const stopping = new AbortController();
  void untilStopped().then((cause) => {
    stopping.abort(new Error(`stopped (${cause})`));
  });
  const steps = createSteps(stopping.signal);
  if (options.fresh) rmSync(options.folder, { recursive: true, force: true });
  try {
    const demo = await startDemo(options, steps);
    const good = await showFirstRun(demo, steps);
    if (!options.once && !steps.signal.aborted) await keepTicking(demo, steps.signal);
    return good ? 0 : 1;
  } catch (error) {
    if (steps.signal.aborted) return 130;
    throw error;
  } finally {
    await steps.closeAll();
  }
}

async function startDemo(options: DemoOptions, steps: Steps): Promise<Demo> {
  const ports = portsFrom(options.portBase);
  const portRemedy = `choose other ports: npm start -- --port-base ${options.portBase + 4_000}`;
  const stack = await steps.run('Kafka, MongoDB and Temporal are running', () =>
    startStack({ folder: options.folder, ports, portRemedy }),
  );
  for (const server of [stack.kafka, stack.mongodb, stack.temporal]) {
    steps.opened({ name: 'name' in server ? server.name : 'MongoDB', close: () => server.stop() });
  }
  const files = writeDemoFiles(options.folder, stack.addresses, `127.0.0.1:${ports.workerHealth}`);
  const trickle = await fill(stack, steps);
  await steps.run('Indexes, live view and schedule are in place', async () => {
    await Promise.all([
      kafkaDrain(files, ['setup'], steps.signal),
      kafkaDrain(files, ['apply'], steps.signal),
    ]);
  });
  const worker = await steps.run('A worker is running', () =>
    startWorker(files, options.folder, ports.workerHealth),
  );
  steps.opened({ name: 'the worker', close: () => worker.stop() });
  const connection = await Connection.connect({ address: stack.addresses.temporal });
  steps.opened({ name: 'Temporal client', close: () => connection.close() });
  return { stack, files, trickle, worker, client: new Client({ connection, namespace: NAMESPACE }) };
}

async function fill(stack: Stack, steps: Steps): Promise<Trickle> {
  const kafka = localKafka(stack.addresses.kafka);
  return steps.run('Topic orders holds the sample orders', async (detail) => {
    await createSampleTopic(kafka);
    const { produced, total } = await fillTopic(kafka, (done, all) => {
      detail(`${done} of ${all} records`);
    });
    const trickle = await createTrickle(kafka, total);
    steps.opened({ name: 'the producer', close: trickle.close });
    if (produced === 0) await trickle.now(CATCH_UP_ROUNDS);
    return trickle;
  });
}

async function showFirstRun(demo: Demo, steps: Steps): Promise<boolean> {
  const { run, outcome } = await steps.run('A first run has ended', async () => {
    const started = await kafkaDrain(demo.files, ['run', PIPELINE, '--json'], steps.signal);
    const ref = JSON.parse(started) as RunRef;
    return { run: ref, outcome: await outcomeOf(demo.client, ref) };
  });
  const url = urlOf(demo, run);
  if (outcome.status !== 'completed') {
    console.log(`The first run ${outcome.status} (${outcome.code}): ${outcome.message}\n  ${url}`);
    return false;
  }
  const scheduleUrl = `${demo.stack.addresses.ui}/namespaces/${NAMESPACE}/schedules/${SCHEDULE}`;
  const around = { runUrl: url, scheduleUrl, ...(await lookAtMongodb(demo.files)) };
  console.log(`\n${resultText(outcome.result, around, process.stdout.isTTY)}\n`);
  return isGood(outcome.result);
}

function isGood({ stopReason, lagAfter }: RunResult): boolean {
  return (stopReason === 'drained' && lagAfter === 0) || stopReason === 'nothing-to-do';
}

async function keepTicking(demo: Demo, signal: AbortSignal): Promise<void> {
  console.log(commandsText(PIPELINE));
  console.log('\nNew orders come in every few seconds; a run every 5 minutes. Ctrl-C stops everything.');
  const seen = new Set((await recentRuns(demo.client, SCHEDULE)).map(({ runId }) => runId));
  const report = (run: Parameters<typeof runLine>[0]): void => {
    console.log(runLine(run, urlOf(demo, run), new Date()));
  };
  const loops = Promise.all([
    demo.trickle.run(signal),
    watchRuns(demo.client, SCHEDULE, seen, report, signal),
    revive([demo.stack.kafka, ...demo.stack.mongodb.members, demo.stack.temporal, demo.worker], signal),
  ]);
  // A run or a restart under way is not waited for.
  await Promise.race([loops, once(signal, 'abort')]);
}

/** Starts again what somebody killed to see what happens. */
async function revive(servers: readonly Server[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for (const server of servers.filter((one) => !one.isRunning())) {
      console.log(`${server.name} has ended; starting it again.`);
      await server.restart();
    }
    await sleep(REVIVE_MS, undefined, { signal }).catch(() => undefined);
  }
}

function urlOf({ stack }: Demo, { workflowId, runId }: RunRef): string {
  return runUrl(stack.addresses.ui, NAMESPACE, workflowId, runId) ?? '';
}
