/**
 * The one family of errors. A code is born where the error is born, together with the answer to "does trying again help?";
 * `toFailure` in `activities/failure.ts` maps it once to Temporal. Messages name place, value and remedy, and never contain
 * record contents or secrets.
 */

/** Every code with whether a later attempt can succeed without anybody's help. docs/errors.md says what to do about each. */
export const ERROR_CODES = {
  // configuration
  CONFIG_INVALID: false,
  CONFIG_MISMATCH: true,
  PIPELINE_UNKNOWN: true,
  // planning
  TOPIC_NOT_FOUND: false,
  TOPIC_RECREATED: false,
  RECORDS_EXPIRED: false,
  OFFSET_INVALID: false,
  OFFSET_BEYOND_END: false,
  START_REQUIRED: false,
  // Kafka
  KAFKA_UNAVAILABLE: true,
  KAFKA_REFUSED: false,
  GROUP_IN_USE: true,
  FENCED: true,
  OFFSET_OUT_OF_RANGE: true,
  COMMIT_UNVERIFIED: true,
  UNSUPPORTED_CODEC: false,
  RECORDS_DAMAGED: true,
  UNPATCHED_CLIENT: false,
  // MongoDB
  MONGODB_UNAVAILABLE: true,
  MONGODB_REFUSED: false,
  COLLECTION_UNSUITABLE: false,
  WRITE_UNSETTLED: true,
  // the schema registry
  REGISTRY_UNAVAILABLE: true,
  REGISTRY_REFUSED: false,
  // records
  BAD_RECORD: false,
  TOO_MANY_BAD: false,
  // the drain
  STALLED: true,
  THREAD_SILENT: true,
  TRANSFORM_SILENT: true,
  TRANSFORM_UNAVAILABLE: true,
  THREAD_FAILED: true,
  THREAD_OUT_OF_MEMORY: true,
  HARD_KILLED: true,
  NO_TIME_LEFT: true,
  // Temporal
  TEMPORAL_UNAVAILABLE: true,
  TEMPORAL_REFUSED: false,
  SCHEDULE_NOT_FOUND: false,
  UNEXPECTED: true,
} as const satisfies Record<string, boolean>;

export type ErrorCode = keyof typeof ERROR_CODES;

export class DrainError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'DrainError';
    this.code = code;
    this.retryable = ERROR_CODES[code];
  }
}

/** The plain-data form in which an error leaves the drain thread. */
export interface ErrorData {
  code: ErrorCode;
  message: string;
}

export function toErrorData(error: unknown): ErrorData {
  const { code, message } = asDrainError(error);
  return { code, message };
}

/** Anything thrown, as one of ours; what nobody foresaw becomes `UNEXPECTED`, with its message. */
export function asDrainError(error: unknown): DrainError {
  if (error instanceof DrainError) return error;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new DrainError('UNEXPECTED', message, { cause: error });
}
