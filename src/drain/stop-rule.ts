import type { StopReason } from '../contract.js';
import type { PartitionName } from '../kafka/source.js';

export interface StopRule {
  until: 'end-offsets' | 'idle';
  /** Compared with the time since the first assignment; `stopByMs` with the time since the start. */
  budgetMs: number;
  stopByMs: number;
  idleTimeoutMs: number;
  maxRecords: number | null;
}

/** What the rule looks at; a snapshot, so that the rule can be tested alone. */
export interface DrainSituation {
  /** Since the attempt's start. */
  elapsedMs: number;
  /** Since the first assignment; 0 before it. */
  drainingMs: number;
  /** For how long successful fetches have brought nothing while nothing was in hand; outage and rebalance don't count. */
  idleMs: number;
  read: number;
  /** Planned partitions not yet committed up to their end: with this member, and with others. */
  ownUnfinished: readonly PartitionName[];
  othersUnfinished: readonly PartitionName[];
  /** Why somebody outside wants it to stop. */
  asked: 'stopped' | 'shutdown' | null;
}

export type Verdict =
  | { kind: 'go-on' }
  | { kind: 'stop'; reason: StopReason }
  | { kind: 'stalled'; partitions: readonly PartitionName[] };

const stop = (reason: StopReason): Verdict => ({ kind: 'stop', reason });

/** Decides whether a drain ends now, and why. What is finished is called finished, even at the last moment of the budget. */
export function decide(rule: StopRule, now: DrainSituation): Verdict {
  const allCommitted = now.ownUnfinished.length + now.othersUnfinished.length === 0;
  if (rule.until === 'end-offsets' && allCommitted) return stop('drained');
  if (now.asked !== null) return stop(now.asked);
  if (rule.maxRecords !== null && now.read >= rule.maxRecords) return stop('max-records');
  if (isOutOfTime(rule, now)) return stop('budget');
  if (now.idleMs < rule.idleTimeoutMs) return { kind: 'go-on' };
  if (rule.until === 'idle') return stop('idle');
  return now.ownUnfinished.length > 0
    ? { kind: 'stalled', partitions: now.ownUnfinished }
    : { kind: 'go-on' };
}

function isOutOfTime(rule: StopRule, now: DrainSituation): boolean {
  return now.drainingMs >= rule.budgetMs || now.elapsedMs >= rule.stopByMs;
}
