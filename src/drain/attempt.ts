import type { PipelineSettings } from '../config/settings.js';
import type { DrainPhase, DrainProgress, Plan } from '../contract.js';
import { partitionName, type PartitionName, type Source, type SourceListener } from '../kafka/source.js';
import type { Transcoder } from '../mongodb/json-to-bson.js';
import type { PipelineSink } from '../mongodb/sink.js';
import { oneAtATime } from '../one-at-a-time.js';
import type { Schemas } from '../registry/schemas.js';
import type { Books } from './books.js';
import { encodeMark, type MarkContent } from './commit-mark.js';
import { createCounter, type Counter } from './counter.js';
import { createRoom, type Room } from './cut.js';
import { createHandle, type Handle } from './handle.js';
import { createIdleClock, type IdleClock } from './idle-clock.js';
import type { Every } from './every.js';
import type { Ledger } from './ledger.js';
import { createToOperation } from './operation.js';
import { progressOf } from './progress.js';
import { withSchemas } from './schema-loading.js';
import type { DrainSituation } from './stop-rule.js';
import type { TransformStep } from './transform-step.js';
import { versionRuleOf } from './version-rule.js';
import { createWriteBatch } from './write-batch.js';

export interface DrainTask {
  pipeline: PipelineSettings;
  plan: Plan;
  run: { workflowId: string; runId: string; attempt: number };
  /** For how long this attempt reads, counted from when it first has its partitions. */
  budgetMs: number;
  /** When it stops at the latest, counted from its start. */
  stopByMs: number;
}

export interface DrainDeps {
  source: Source;
  sink: PipelineSink;
  /** `null`: no format of the pipeline needs a schema registry. */
  schemas: Schemas | null;
  /** Monotonic, milliseconds: wall clocks jump. */
  clock: () => number;
  every: Every;
  /** For the time in the commit's mark. */
  wallClock: () => Date;
  /** A sign of life; called only when something really happened, so it may come often: the progress is made on demand. */
  report: (progress: () => DrainProgress) => void;
  /** What a commit of this attempt has added to the books. */
  counted: (books: Books) => void;
  /** The pipeline's own step; left out where it has none. */
  transform?: TransformStep;
  /** Left out: everything is parsed. */
  transcoder?: Transcoder;
}

/** Why somebody outside wants the drain to end; the reason of the `asked` signal. */
export type AskedStop = 'stopped' | 'shutdown';

/** What the steps of one attempt share. */
export interface Attempt {
  ledger: Ledger;
  room: Room;
  idle: IdleClock;
  owned: Set<PartitionName>;
  handle: Handle;
  markOf: (content: MarkContent) => string;
  counter: Counter;
  report: (phase?: DrainPhase) => void;
  /** Since the start. */
  elapsedMs: () => number;
  /** The first assignment: from here on the budget runs. */
  assigned: () => void;
  drainingMs: () => number;
}

/** Whether a record's turn may take its time: a transform or a schema registry may take seconds for each. */
export function mayWait({ transform, schemas }: Pick<DrainDeps, 'transform' | 'schemas'>): boolean {
  return transform !== undefined || schemas !== null;
}

export function createAttempt(deps: DrainDeps, task: DrainTask, ledger: Ledger, startedMs: number): Attempt {
  const { pipeline, plan, run, budgetMs } = task;
  const elapsedMs = () => deps.clock() - startedMs;
  let assignedMs: number | null = null;
  const drainingMs = () => (assignedMs === null ? 0 : deps.clock() - assignedMs);
  const rule = versionRuleOf(pipeline);
  const own = { run: run.runId, attempt: run.attempt, epoch: plan.epoch, rule };
  const markOf = (content: MarkContent) =>
    encodeMark({ ...own, at: deps.wallClock().toISOString(), ...content });
  const readBefore = ledger.totals().counts.read;
  const room = createRoom(pipeline.limits.maxRecords, () => ledger.totals().counts.read);
  const counter = createCounter(deps.counted);
  const purgeAt = new Date(Date.parse(plan.plannedAt) + pipeline.tombstoneWindowMs);
  const { schemas, transform = null, transcoder = null } = deps;
  const toOperation = withSchemas(
    pipeline,
    schemas,
    createToOperation(pipeline, purgeAt, { schemas, transform, transcoder }),
  );
  const writeBatch = createWriteBatch({
    ...{ sink: deps.sink, toOperation, pipeline, run, mayWait: mayWait(deps) },
    ...(transcoder !== null && { lease: transcoder.lease }),
  });
  const { prepared } = counter;
  const handle = createHandle({
    ...{ writeBatch, rules: pipeline, ledger, room, endOf: endsOf(task), markOf, prepared },
    clock: deps.clock,
  });
  let phase: DrainPhase = 'starting';
  return {
    ledger,
    room,
    idle: createIdleClock(deps.clock),
    owned: new Set(),
    // An exact `maxRecords` needs to know what the batch before has used.
    handle: pipeline.limits.maxRecords === null ? handle : oneAtATime(handle),
    markOf,
    counter,
    elapsedMs,
    assigned: () => {
      assignedMs ??= deps.clock();
    },
    drainingMs,
    report: (next) => {
      phase = next ?? phase;
      deps.report(() => progressOf({ ledger, phase, drainingMs: drainingMs(), budgetMs, readBefore }));
    },
  };
}

function endsOf({ pipeline, plan }: DrainTask): (partition: PartitionName) => bigint | null {
  if (pipeline.until === 'idle') return () => null;
  const ends = new Map(plan.partitions.map((planned) => [partitionName(planned), BigInt(planned.end)]));
  return (partition) => ends.get(partition) ?? 0n;
}

/** Ties what the source tells to the ledger, the idle clock and, where it may end the drain at once, the stop rule. */
export function listenerOf(attempt: Attempt, check: () => void): SourceListener {
  const { ledger, idle, owned, room, counter } = attempt;
  return {
    assigned: (partitions) => {
      owned.clear();
      for (const partition of partitions) owned.add(partition);
      // whatever isn't committed by now won't be
      room.giveBackAll();
      idle.interrupted();
      attempt.assigned();
      attempt.report('draining');
    },
    fetching: idle.fetching,
    fetched: (outMs) => {
      idle.fetched(outMs);
      attempt.report();
    },
    interrupted: () => {
      idle.interrupted();
      attempt.report();
    },
    committed: (partition, offset, metadata) => {
      ledger.committed(partition, offset, metadata);
      room.giveBack(partition);
      counter.committed(partition, metadata);
      attempt.report();
      check();
    },
  };
}

/** The snapshot that the stop rule decides on. */
export function situationOf(attempt: Attempt, asked: AbortSignal): DrainSituation {
  const { ledger, idle, owned } = attempt;
  const unfinished = ledger.unfinished();
  return {
    elapsedMs: attempt.elapsedMs(),
    drainingMs: attempt.drainingMs(),
    idleMs: idle.idleMs(),
    read: ledger.totals().counts.read,
    ownUnfinished: unfinished.filter((partition) => owned.has(partition)),
    othersUnfinished: unfinished.filter((partition) => !owned.has(partition)),
    asked: asked.aborted ? (asked.reason as AskedStop) : null,
  };
}
