/** What an error of kafkajs says about our membership. By name and type, never by class: classes differ between copies. */
import { causesOf } from '../causes.js';

/** The fields of kafkajs's errors that tell them apart. */
export interface KafkaError {
  name?: string;
  type?: string;
  code?: unknown;
  message?: string;
  broker?: string;
  topic?: string;
  partition?: number;
  cause?: unknown;
}

/** The error itself and everything it names as its cause, outermost first. */
export const kafkaCausesOf = (error: unknown): KafkaError[] => causesOf<KafkaError>(error);

const FENCES = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID']);
const COORDINATOR_AWAY = new Set([
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
]);

/** We were declared dead, and somebody else may own our partitions by now. */
export function isFence(error: unknown): boolean {
  return FENCES.has((error as KafkaError | null)?.type ?? '');
}

/** Ordinary: a member joined or left, everybody joins again. */
export function isRebalance(error: unknown): boolean {
  return (error as KafkaError | null)?.type === 'REBALANCE_IN_PROGRESS';
}

/** The group's coordinator is being elected, is loading the group, or moved. */
export function isUnavailableCoordinator(error: unknown): boolean {
  return kafkaCausesOf(error).some(
    ({ type, name }) => COORDINATOR_AWAY.has(type ?? '') || name === 'KafkaJSGroupCoordinatorNotFound',
  );
}

/** A request got no answer in its time. */
export function isTimeout(error: unknown): boolean {
  return kafkaCausesOf(error).some(({ name }) => name === 'KafkaJSRequestTimeoutError');
}

const CONNECTION_ERRORS = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSLockTimeout',
]);

export function isConnectionError(error: unknown): boolean {
  return kafkaCausesOf(error).some(
    // A plain error of kafkajs's broker, while it connects or once it has lost the connection.
    ({ name, message }) => CONNECTION_ERRORS.has(name ?? '') || message === 'Broker not connected',
  );
}

/** What compressed data would become more than. */
export function tooLarge(maxBytes: number): RangeError {
  return new RangeError(`decompresses to more than ${maxBytes} bytes`);
}

/** Wraps an error so that kafkajs gives up at once instead of trying four times; the original is its cause. */
export function fatal(cause: Error): Error {
  return Object.assign(new Error(cause.message, { cause }), { retriable: false });
}

/** What kafkajs takes for a sign that it has to join anew. */
export function rebalance(): Error {
  return Object.assign(new Error('the group has to be joined anew'), { type: 'REBALANCE_IN_PROGRESS' });
}
