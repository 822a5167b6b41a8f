import type { DrainThread, StartThread } from '../../src/activities/drain-thread.js';
import type { PipelineSettings } from '../../src/config/settings.js';
import { makePlan } from '../../src/drain/planning.js';
import type { ThreadInput, ThreadMessage } from '../../src/drain/thread-messages.js';
import type { Broker } from '../kafka/broker.js';
import { stackFromEnvironment } from '../support/stack.js';
import { pipeline } from './builders.js';

/** What a thread needs to drain a topic of its own into a database of its own. */
export async function inputFor(broker: Broker, rules: Partial<PipelineSettings>): Promise<ThreadInput> {
  const { topic, group, settings: kafka } = broker;
  const database = topic.replaceAll('-', '_');
  const settings = pipeline({ topic, group, value: 'string', documentId: { from: 'coordinates' }, ...rules });
  const plan = makePlan({
    ...{ pipeline: settings, database, searchAttributes: false, previous: null, now: new Date() },
    state: await broker.member().inspect(),
    offsetsAtStart: new Map(),
    neighbours: [],
  });
  const run = { workflowId: 'test', runId: topic, attempt: 1 };
  const times = { budgetMs: 60_000, stopByMs: 80_000 };
  return {
    kafka,
    mongodb: { uri: stackFromEnvironment().mongodb, database, tls: null, uriCert: null },
    schemaRegistry: null,
    token: null,
    schemas: [],
    task: { pipeline: settings, plan, run, ...times },
    transform: null,
  };
}

/** Drains to the end of a run; `onMessage` may stop it. Resolves with the thread's last message, what it logged last, and whether it is gone. */
export async function drainOn(
  start: StartThread,
  input: ThreadInput,
  onMessage: (message: ThreadMessage, thread: DrainThread) => void = () => undefined,
): Promise<{ last: ThreadMessage; logged: string; isGone: () => boolean }> {
  let logged = '';
  let isGone = false;
  let say: (last: ThreadMessage) => void = () => undefined;
  const said = new Promise<ThreadMessage>((resolve) => {
    say = resolve;
  });
  const thread = start(input, (message) => {
    if (message.kind === 'log') logged = message.message;
    onMessage(message, thread);
    if (message.kind === 'done' || message.kind === 'failed') say(message);
  });
  const ended = thread.ended.then(() => {
    isGone = true;
    throw new Error('the thread ended without a result');
  });
  try {
    const last = await Promise.race([said, ended]);
    return { last, logged, isGone: () => isGone };
  } finally {
    await thread.release();
  }
}
