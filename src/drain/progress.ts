import type { DrainPhase, DrainProgress } from '../contract.js';
import type { Ledger } from './ledger.js';

export interface ProgressInput {
  ledger: Ledger;
  phase: DrainPhase;
  elapsedMs: number;
  budgetMs: number;
  /** Read by earlier attempts of the run, which this one's rate doesn't count. */
  readBefore: number;
}

export function progressOf({ ledger, phase, elapsedMs, budgetMs, readBefore }: ProgressInput): DrainProgress {
  const { counts } = ledger.totals();
  return {
    phase,
    read: counts.read,
    written: counts.inserted + counts.updated + counts.deleted,
    lag: ledger.lag(),
    ratePerSecond: elapsedMs > 0 ? Math.round(((counts.read - readBefore) * 1000) / elapsedMs) : 0,
    budgetLeftSeconds: Math.max(0, Math.round((budgetMs - elapsedMs) / 1000)),
    deadLettered: counts.deadLettered,
    resumed: ledger.resumed,
    committed: ledger.committedOffsets(),
  };
}
