import type { PipelineSettings } from '../../src/config/settings.js';
import type { Plan, PlannedPartition } from '../../src/contract.js';
import type { Books } from '../../src/drain/books.js';
import { openLedger, type Ledger } from '../../src/drain/ledger.js';
import type { LogState, PartitionName, PartitionState } from '../../src/kafka/source.js';
import { ours, pipeline, plan, topicState } from './builders.js';

/** What an attempt finds. */
export interface Given {
  rules?: Partial<PipelineSettings>;
  /** By default one partition, planned from 40 up to 100 with nothing committed. */
  planned?: Partial<PlannedPartition>[];
  plan?: Partial<Plan>;
  /** What the broker says when the attempt begins. */
  now?: Partial<PartitionState>[];
  log?: Partial<LogState>;
}

export const RUN = 'run-1';

export function open({ rules, planned, plan: overrides, now, log }: Given = {}): Ledger {
  return openLedger(pipeline(rules), plan(planned, overrides), RUN, topicState(now, log));
}

/** Prepares books, and confirms the commit that carries them. */
export function commit(ledger: Ledger, partition: PartitionName, offset: bigint, books: Books): void {
  const carried = ledger.prepare(partition, books);
  ledger.committed(partition, offset, ours(offset, { run: RUN, ...carried }).metadata);
}
