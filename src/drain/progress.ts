import { MAX_LISTED_PARTITIONS, type DrainPhase, type DrainProgress } from '../contract.js';
import type { Ledger } from './ledger.js';

export interface ProgressInput {
  ledger: Ledger;
  phase: DrainPhase;
  /** How long it has had its partitions. */
  drainingMs: number;
  budgetMs: number;
  /** Read by earlier attempts of the run, which this one's rate doesn't count. */
  readBefore: number;
}

export function progressOf({
  ledger,
  phase,
  drainingMs,
  budgetMs,
  readBefore,
}: ProgressInput): DrainProgress {
  const { counts } = ledger.totals();
  return {
    phase,
    read: counts.read,
    written: counts.inserted + counts.updated + counts.deleted,
    lag: ledger.lag(),
    ratePerSecond: drainingMs > 0 ? Math.round(((counts.read - readBefore) * 1000) / drainingMs) : 0,
    budgetLeftSeconds: Math.max(0, Math.round((budgetMs - drainingMs) / 1000)),
    deadLettered: counts.deadLettered,
    resumed: ledger.resumed,
    committed: ledger.committedOffsets().slice(0, MAX_LISTED_PARTITIONS),
  };
}
