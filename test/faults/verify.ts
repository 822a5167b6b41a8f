import type { Document } from 'mongodb';
import type { RunResult } from '../../src/contract.js';
import { scheduleIdOf } from '../../src/contract.js';
import type { Lane } from './lane.js';
import type { RunBooks } from './oracle/books.js';
import { byId, type StoredDocuments } from './oracle/documents.js';
import type { PipelineRule } from './oracle/fold.js';
import type { LogRecord } from './oracle/log.js';
import { findViolation, findViolationAtCommit } from './oracle/oracle.js';
import { readTopicByConsole } from './oracle/read-topic.js';
import type { Violation } from './oracle/violation.js';
import { CANARY } from './canary.js';
import { patiently } from './retry.js';

export interface Verdict {
  /** How many records the oracle folded. */
  records: number;
  violation: Violation | null;
}

/** What a test knows better than the defaults. */
export interface VerifyOptions {
  documentId?: PipelineRule['documentId'];
  /** Records that nobody had to drain. */
  isExempt?: (record: LogRecord) => boolean;
}

/** Gathers the facts of a lane that has healed and lets the oracle judge. */
export async function verify(lane: Lane, options: VerifyOptions = {}): Promise<Verdict> {
  const { scenario } = lane;
  const ends = await endsOf(lane);
  const log = [...lane.gone, ...(await readLog(lane, ends))].filter((record) => !options.isExempt?.(record));
  const [stored, deadLetters, runs] = await Promise.all([
    patiently('the documents', () => documentsOf(lane)),
    patiently('the dead letters', () => deadLettersOf(lane)),
    patiently('the runs', () => runsOf(lane)),
  ]);
  const violation = findViolation({
    rule: ruleOf(lane, options),
    ...{ log, stored, deadLetters, ends },
    committed: await committedOf(lane),
    runs: runs.books,
    allSucceeded: runs.allSucceeded,
    exact: lane.exact && lane.epoch === 1,
    canary: CANARY,
    texts: new Map([
      ...lane.workers.map(
        (worker, index) => [`log of worker ${String(index + 1)} of ${scenario.name}`, worker.log()] as const,
      ),
      ...runs.histories,
    ]),
  });
  return { records: log.length, violation };
}

/** I4, right now. */
export async function verifyCommits(lane: Lane, log: readonly LogRecord[]): Promise<Violation | null> {
  const committed = await committedOf(lane);
  const stored = await patiently('the versions', () => documentsOf(lane, { _kafka: 1 }));
  const deadLetters = await patiently('the dead letters', () => deadLettersOf(lane));
  return findViolationAtCommit({ rule: ruleOf(lane, {}), log, committed, stored, deadLetters });
}

function ruleOf({ scenario }: Lane, { documentId = 'key' }: VerifyOptions): PipelineRule {
  return { group: scenario.group, documentId };
}

export function endsOf({ scenario }: Lane): Promise<Map<number, bigint>> {
  return patiently('the ends of the log', async () => {
    const offsets = await scenario.admin.fetchTopicOffsets(scenario.topic);
    return new Map(offsets.map(({ partition, high }) => [partition, BigInt(high)]));
  });
}

export async function readLog(lane: Lane, ends?: Map<number, bigint>): Promise<LogRecord[]> {
  const { java, kafkaLibs, kafka: bootstrapServer } = lane.world.addresses;
  const consumer = { java, kafkaLibs, bootstrapServer, folder: lane.world.folder };
  const { topic } = lane.scenario;
  const known = ends ?? (await endsOf(lane));
  return readTopicByConsole(consumer, { topic, epoch: lane.epoch, ends: known });
}

async function documentsOf({ scenario }: Lane, projection?: Document): Promise<StoredDocuments> {
  const options = {
    raw: true,
    readConcern: 'majority',
    batchSize: 10_000,
    ...(projection && { projection }),
  } as const;
  const documents = await scenario.collection.find({}, options).toArray();
  return byId(documents as unknown as Buffer[]);
}

async function deadLettersOf({ scenario }: Lane): Promise<Document[]> {
  return scenario.deadLetters.find({}, { readConcern: 'majority', promoteLongs: false }).toArray();
}

async function committedOf({ scenario }: Lane): Promise<Map<number, bigint | null>> {
  const offsets = await patiently('the committed offsets', () => scenario.committed());
  return new Map(offsets.map((offset, partition) => [partition, offset === '-1' ? null : BigInt(offset)]));
}

interface Runs {
  books: RunBooks[];
  histories: Map<string, string>;
  allSucceeded: boolean;
}

/** Results and histories of all runs of the schedule, oldest first. */
async function runsOf({ scenario }: Lane): Promise<Runs> {
  const runs: Runs = { books: [], histories: new Map(), allSucceeded: true };
  const query = `TemporalScheduledById = '${scheduleIdOf(scenario.name)}'`;
  const executions = [];
  for await (const execution of scenario.temporal.workflow.list({ query })) executions.push(execution);
  executions.sort((a, b) => a.startTime.getTime() - b.startTime.getTime());
  for (const { workflowId, runId, status } of executions) {
    const handle = scenario.temporal.workflow.getHandle(workflowId, runId);
    runs.histories.set(`the history of ${workflowId}`, textIn(await handle.fetchHistory()));
    if (status.name !== 'COMPLETED') runs.allSucceeded = false;
    else {
      const result = (await handle.result()) as RunResult;
      runs.books.push({ ...result, run: workflowId, records: { ...result.records } });
    }
  }
  return runs;
}

/** Every text and every payload in a history. */
function textIn(value: unknown): string {
  if (typeof value === 'string') return `${value}\n`;
  if (value instanceof Uint8Array) return `${Buffer.from(value).toString('latin1')}\n`;
  if (typeof value !== 'object' || value === null) return '';
  return Object.values(value).map(textIn).join('');
}
