import { ApplicationFailure } from '@temporalio/common';
import { asDrainError } from '../errors.js';

/**
 * The one mapping of our errors to Temporal: the code becomes the failure's type, so that people can filter runs by it and
 * retry policies can name it.
 * @param details put beside the message in the history: where the run stood. Never record contents.
 */
export function toFailure(error: unknown, details: unknown[] = []): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  const { code, message, retryable } = asDrainError(error);
  return ApplicationFailure.create({ message, type: code, nonRetryable: !retryable, details });
}
