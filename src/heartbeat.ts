/** What a drain tells Temporal while it runs; part of the contract. */

export type DrainPhase = 'starting' | 'joining' | 'draining' | 'stopping' | 'stopped';

/** Heartbeat details; the fields a person looks for come first. */
export interface DrainProgress {
  phase: DrainPhase;
  read: number;
  /** Inserted, updated and deleted. */
  written: number;
  lag: number;
  ratePerSecond: number;
  budgetLeftSeconds: number;
  deadLettered: number;
  resumed: boolean;
  /** By Kafka's name of the partition: `orders-3`. Of many partitions only some. */
  committed: { partition: string; offset: string | null }[];
  /** Left out where there are none. */
  suspects?: Suspect[];
}

/** A record whose transform was under way when an attempt was killed, and perhaps the reason. Coordinates only, never contents. */
export interface Suspect {
  /** Kafka's own notation topic-partition: `orders-3`. */
  partition: string;
  /** The record's own. */
  offset: string;
  /** How many attempts of the run have ended with it. */
  kills: number;
}
