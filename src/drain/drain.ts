import { setMaxListeners } from 'node:events';
import type { DrainOutcome, StopReason } from '../contract.js';
import { DrainError } from '../errors.js';
import { partitionName, type BatchHandled, type LogState, type RecordBatch } from '../kafka/source.js';
import {
  createAttempt,
  listenerOf,
  situationOf,
  type Attempt,
  type DrainDeps,
  type DrainTask,
} from './attempt.js';
import type { BatchSignals } from './handle.js';
import { openLedger, type Ledger } from './ledger.js';
import { committedInEpoch } from './offset-checks.js';
import { outcomeOf } from './outcome.js';
import { decide, type StopRule, type Verdict } from './stop-rule.js';

const TICK_MS = 200;
const WATCH_OTHERS_MS = 1_000;

/**
 * One attempt of a drain: reads the plan's partitions up to their ends, writes them, commits, and says why it stopped.
 * `Source.batches → toOperation → coalesce → Sink.write → Source.commit → progress`.
 * @param asked aborted with an `AskedStop` as reason: batches in hand are finished and committed.
 * Errors: those of source and sink, `STALLED`, `BAD_RECORD`, `COMMIT_UNVERIFIED`, and the checks of `openLedger`.
 */
export async function drain(deps: DrainDeps, task: DrainTask, asked: AbortSignal): Promise<DrainOutcome> {
  const startedMs = deps.clock();
  await deps.sink.check();
  const ledger = openLedger(task.pipeline, task.plan, task.run.runId, await deps.source.inspect());
  const attempt = createAttempt(deps, task, ledger, startedMs);
  attempt.report('joining');
  const stopReason = await consume(deps, task, attempt, asked);
  attempt.report('stopping');
  const atStop = await deps.source.inspect();
  verifyCommits(task, ledger, atStop);
  attempt.report('stopped');
  return outcomeOf(task, ledger, stopReason, atStop);
}

async function consume(
  deps: DrainDeps,
  task: DrainTask,
  attempt: Attempt,
  asked: AbortSignal,
): Promise<StopReason> {
  const stopping = new AbortController();
  const abandoned = new AbortController();
  // each command under way listens to it
  setMaxListeners(0, abandoned.signal);
  let verdict: Verdict = { kind: 'go-on' };
  // Not of the signal itself: to V8 those of each run are of another shape, and the loop that asks one would be compiled anew.
  const isStopping = () => verdict.kind !== 'go-on';
  const signals = { abandoned: abandoned.signal, isStopping };
  const check = () => {
    if (isStopping()) return;
    verdict = decide(ruleOf(task), situationOf(attempt, asked));
    if (isStopping()) stopping.abort();
  };
  check();
  if (isStopping()) return conclude(task, verdict);
  const stopTicking = deps.every(TICK_MS, check);
  const stopWatching = deps.every(WATCH_OTHERS_MS, () => watchOthers(deps, task, attempt));
  try {
    await deps.source.consume({
      partitions: attempt.ledger.starts(attempt.markOf),
      handle: (batch) => handleInTime(attempt, batch, signals),
      listener: listenerOf(attempt, check),
      signal: stopping.signal,
    });
  } finally {
    stopTicking();
    stopWatching();
    abandoned.abort(new DrainError('UNEXPECTED', 'the drain has ended'));
  }
  return conclude(task, verdict);
}

/** While a batch is in hand the idle clock stands still. */
async function handleInTime(
  { handle, idle }: Attempt,
  batch: RecordBatch,
  signals: BatchSignals,
): Promise<BatchHandled> {
  idle.batchBegins();
  try {
    return await handle(batch, signals);
  } finally {
    idle.batchEnds();
  }
}

/** What other members of the group have committed of our plan, so that shared partitions count as done. */
async function watchOthers(
  deps: DrainDeps,
  { pipeline }: DrainTask,
  { ledger, owned }: Attempt,
): Promise<void> {
  if (ledger.unfinished().every((partition) => owned.has(partition))) return;
  const offsets = await deps.source.committed().catch(() => null);
  for (const [partition, offset] of offsets ?? []) {
    const committed = committedInEpoch(pipeline, { committed: offset });
    if (committed !== null && !owned.has(partition))
      ledger.observe(partition, committed.offset, committed.metadata);
  }
}

function ruleOf({ pipeline, budgetMs, stopByMs }: DrainTask): StopRule {
  const { idleTimeoutMs, maxRecords } = pipeline.limits;
  return { until: pipeline.until, budgetMs, stopByMs, idleTimeoutMs, maxRecords };
}

function conclude({ pipeline }: DrainTask, verdict: Verdict): StopReason {
  if (verdict.kind === 'stop') return verdict.reason;
  if (verdict.kind === 'go-on')
    throw new DrainError('UNEXPECTED', 'the consumer ended without being told to');
  throw new DrainError(
    'STALLED',
    `${verdict.partitions.join(', ')}: nothing arrived for ${String(pipeline.limits.idleTimeoutMs / 1000)} s although the plan's end is not reached. ` +
      'What was committed is kept; the next attempt goes on there.',
  );
}

/** Offsets are verified against the broker, since an acknowledged commit is all that the next run has. */
function verifyCommits({ pipeline }: DrainTask, ledger: Ledger, atStop: LogState): void {
  const states = new Map(atStop.partitions.map((state) => [partitionName(state), state]));
  for (const { partition, offset } of ledger.committedOffsets()) {
    if (offset === null) continue;
    const now = states.get(partition)?.committed?.offset;
    if (now !== undefined && now >= BigInt(offset)) continue;
    throw new DrainError(
      'COMMIT_UNVERIFIED',
      `${partition}: offset ${offset} was committed, but group "${pipeline.group}" now has ` +
        `${String(now ?? 'none')}: somebody moved it while the run was finishing.`,
    );
  }
}
