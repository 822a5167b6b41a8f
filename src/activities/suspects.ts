/** Records whose transform ends attempts: found when an attempt is killed, and passed on to the next one by the heartbeats. */
import type { DrainProgress, Suspect } from '../contract.js';
import type { RecordPlace } from '../drain/transform-calls.js';
import { DrainError, type ErrorCode } from '../errors.js';

export interface TransformCalls {
  /** The calls under way, also after the thread's end. */
  underWay: () => RecordPlace[];
  /** What the attempts before have left. */
  earlier: readonly Suspect[];
}

/** Who is suspected in one attempt. */
export interface Suspicion {
  /** Heartbeats that carry the suspects. */
  told: (heartbeat: Heartbeat) => Heartbeat;
  /** Kills the attempt where a call doesn't return, with `TRANSFORM_SILENT`; until the returned function is called. */
  watch: (kill: (error: DrainError) => void) => () => void;
  /**
   * What has ended the attempt, naming the suspects that it leaves; these are told at once.
   * @param asked whether it had been asked to stop: a call that takes longer than the grace period is no suspect.
   */
  accuse: (error: unknown, asked: boolean) => unknown;
}

type Heartbeat = (progress: DrainProgress) => void;

export interface SuspicionInput extends TransformCalls {
  stallTimeoutMs: number;
  /** Monotonic, milliseconds. */
  clock: () => number;
}

/** How an attempt ends when a transform may be to blame. */
const KILLS: readonly ErrorCode[] = [
  'THREAD_SILENT',
  'TRANSFORM_SILENT',
  'HARD_KILLED',
  'THREAD_OUT_OF_MEMORY',
  'THREAD_FAILED',
];
const LOOK_PERIOD_MS = 100;
/** A call under way for longer is told before anything has happened: memory outside the heap ends the whole process. */
const LINGERING_MS = 1_000;
/** Heartbeats are small. */
const MAX_SUSPECTS = 100;

/** Where there is no transform. */
export const NO_SUSPICION: Suspicion = {
  told: (heartbeat) => heartbeat,
  watch: () => () => undefined,
  accuse: (error) => error,
};

export function createSuspicion({ underWay, earlier, stallTimeoutMs, clock }: SuspicionInput): Suspicion {
  const lasting = createLasting(clock);
  let accused: readonly RecordPlace[] = [];
  let tell: () => void = () => undefined;
  let toldText = '';
  const suspects = () => merged(earlier, accused.length > 0 ? accused : lasting.longerThan(LINGERING_MS));
  const tellNews = () => {
    if (JSON.stringify(suspects()) !== toldText) tell();
  };
  return {
    told: (heartbeat) => {
      const told = (progress: DrainProgress) => {
        tell = () => {
          told(progress);
        };
        const known = suspects();
        toldText = JSON.stringify(known);
        heartbeat(known.length > 0 ? { ...progress, suspects: known } : progress);
      };
      return told;
    },
    watch: (kill) => {
      const timer = setInterval(() => {
        lasting.see(underWay());
        tellNews();
        const [stuck] = lasting.longerThan(stallTimeoutMs);
        if (stuck !== undefined) kill(silent(stuck, stallTimeoutMs));
      }, LOOK_PERIOD_MS);
      return () => {
        clearInterval(timer);
      };
    },
    accuse: (error, asked) => {
      accused = isKill(error, asked) ? underWay() : [];
      lasting.see([]);
      tellNews();
      if (!(error instanceof DrainError) || accused.length === 0) return error;
      // That one names it already.
      return error.code === 'TRANSFORM_SILENT' ? error : naming(error, accused);
    },
  };
}

function isKill(error: unknown, asked: boolean): boolean {
  if (!(error instanceof DrainError) || !KILLS.includes(error.code)) return false;
  return !(asked && error.code === 'HARD_KILLED');
}

/** Since when which calls are under way, as seen from outside. */
function createLasting(clock: () => number) {
  let seen: readonly { call: RecordPlace; sinceMs: number }[] = [];
  return {
    see: (calls: readonly RecordPlace[]) => {
      seen = calls.map((call) => {
        const before = seen.find((other) => placeOf(other.call) === placeOf(call));
        return before ?? { call, sinceMs: clock() };
      });
    },
    longerThan: (ms: number): RecordPlace[] =>
      seen.filter(({ sinceMs }) => clock() - sinceMs >= ms).map(({ call }) => call),
  };
}

/** The suspects of the attempts before, and those of this one with one kill more. */
function merged(earlier: readonly Suspect[], accused: readonly RecordPlace[]): Suspect[] {
  const byPlace = new Map(earlier.map((suspect) => [placeOf(suspect), suspect]));
  for (const call of accused) {
    const kills = (byPlace.get(placeOf(call))?.kills ?? 0) + 1;
    byPlace.set(placeOf(call), { partition: call.partition, offset: String(call.offset), kills });
  }
  // Those that may be proven by now come first.
  return [...byPlace.values()].sort((a, b) => b.kills - a.kills).slice(0, MAX_SUSPECTS);
}

function placeOf({ partition, offset }: { partition: string; offset: string | bigint }): string {
  return `${partition} offset ${String(offset)}`;
}

const NAMED = 3;

function naming(error: DrainError, accused: readonly RecordPlace[]): DrainError {
  const named = accused.slice(0, NAMED).map(placeOf).join(', ');
  const more = accused.length > NAMED ? ` and ${String(accused.length - NAMED)} more` : '';
  const message = `${error.message} Under way was the transform of ${named}${more}.`;
  return new DrainError(error.code, message, { cause: error });
}

function silent(call: RecordPlace, stallTimeoutMs: number): DrainError {
  return new DrainError(
    'TRANSFORM_SILENT',
    `the transform of ${placeOf(call)} did not settle within ${String(stallTimeoutMs / 1000)} s, and its thread was terminated. ` +
      'What was committed is kept.',
  );
}

/** The suspects in the last heartbeat of the attempt before; anything else there is ignored. */
export function suspectsIn(heartbeatDetails: unknown): Suspect[] {
  const { suspects } = (heartbeatDetails ?? {}) as { suspects?: unknown };
  return Array.isArray(suspects) ? suspects.filter(isSuspect) : [];
}

function isSuspect(value: unknown): value is Suspect {
  if (typeof value !== 'object' || value === null) return false;
  const { partition, offset, kills } = value as Partial<Record<keyof Suspect, unknown>>;
  return typeof partition === 'string' && typeof offset === 'string' && typeof kills === 'number';
}
