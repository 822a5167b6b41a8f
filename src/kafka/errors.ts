import type { KafkaSettings } from '../config/settings.js';
import { DrainError, type ErrorCode } from '../errors.js';
import { tlsFault, tlsNames } from '../tls.js';
import { membersText, type GroupMember } from './group-members.js';
import {
  kafkaCausesOf,
  isConnectionError,
  isUnavailableCoordinator,
  type KafkaError,
} from './kafka-errors.js';

/** What an error's message needs to name place and remedy. */
export interface Place {
  kafka: KafkaSettings;
  /** In words, where an error doesn't say which of several it means. */
  topic: string;
  group: string;
}

/** Any error of kafkajs as one of ours. What is ours already, or a cause of it, is returned as it is. */
export function classify(error: unknown, place: Place): Error {
  const causes = kafkaCausesOf(error);
  const topic = causes.find((cause) => cause.topic !== undefined)?.topic ?? place.topic;
  const ours = causes.find((cause): cause is DrainError => cause instanceof DrainError);
  if (ours !== undefined) return ours;
  for (const rule of RULES) {
    for (const cause of causes) {
      const found = rule(cause, { ...place, topic });
      if (found !== undefined) return new DrainError(found.code, found.message, { cause: error });
    }
  }
  return unclassified(error, place);
}

interface Found {
  code: ErrorCode;
  message: string;
}

type Rule = (cause: KafkaError, place: Place) => Found | undefined;

/** The first that fits any cause decides. */
const RULES: readonly Rule[] = [codecRule, protocolRule, saslRule, tlsRule];

function codecRule({ name, message }: KafkaError, { topic }: Place): Found | undefined {
  if (name !== 'CodecError' && name !== 'KafkaJSNotImplemented') return undefined;
  return {
    code: 'UNSUPPORTED_CODEC',
    message:
      `A batch of topic ${topic} can't be decompressed (${message ?? ''}). ` +
      'Readable are gzip, snappy, lz4 and zstd; check the compression.type of the topic and its producers.',
  };
}

function protocolRule({ type }: KafkaError, place: Place): Found | undefined {
  const { topic, group } = place;
  switch (type) {
    case 'UNKNOWN_TOPIC_OR_PARTITION':
      return {
        code: 'TOPIC_NOT_FOUND',
        message: `Topic ${topic} does not exist on ${peers(place)}. Create it, or correct the pipeline's topic; it is never created by reading.`,
      };
    case 'INCONSISTENT_GROUP_PROTOCOL':
      return {
        code: 'GROUP_IN_USE',
        message: `Consumer group ${group} has members that are not kafka-drain. Stop them first, their offsets carry over; or give the pipeline a group of its own.`,
      };
    case 'UNKNOWN_MEMBER_ID':
    case 'ILLEGAL_GENERATION':
    case 'FENCED_INSTANCE_ID':
      return fencedText(group);
    case 'TOPIC_AUTHORIZATION_FAILED':
      return refused(place, `no right to read topic ${topic}: allow Read and Describe on it`);
    case 'GROUP_AUTHORIZATION_FAILED':
      return refused(place, `no right to use consumer group ${group}: allow Read and Describe on it`);
    case 'CLUSTER_AUTHORIZATION_FAILED':
      return refused(place, 'no right to describe the cluster: allow Describe on it');
    default:
      return undefined;
  }
}

/** Nothing matches the pattern: rather a mistake than an empty pipeline. */
export function noTopics(place: Place): DrainError {
  return new DrainError(
    'TOPIC_NOT_FOUND',
    `No topic on ${peers(place)} has a name that matches ${place.topic} as a whole, or none that this user may describe. ` +
      'Create one, or correct topicPattern.',
  );
}

function saslRule({ name, type, message = '' }: KafkaError, place: Place): Found | undefined {
  if (type === 'UNSUPPORTED_SASL_MECHANISM' || /^SASL .* mechanism is not supported/.test(message)) {
    const mechanism = place.kafka.sasl?.mechanism ?? 'none';
    return refused(place, `it does not offer the SASL mechanism ${mechanism}: check kafka.sasl.mechanism`);
  }
  if (type === 'ILLEGAL_SASL_STATE') {
    return refused(place, 'this port does not expect SASL: use its SASL port, or remove kafka.sasl');
  }
  if (name === 'KafkaJSSASLAuthenticationError' || AUTHENTICATION_FAILED.test(message)) {
    return authenticationFailure(message.replace(AUTHENTICATION_FAILED, ''), place);
  }
  return undefined;
}

const AUTHENTICATION_FAILED = /^SASL .*? authentication failed: /;
/** What brokers say of a proof of identity (RFC 5802, 7, and Kafka's own texts), and kafkajs of theirs: each has one of these words. */
const REFUSAL =
  /authenticat|credential|password|user|proof|authori[sz]|access|denied|invalid|not supported|sasl state|iterations/i;
/** Of kafkajs's connection. A request is told by its name, such as SaslAuthenticate. */
const INTERRUPTED = /^(Request|Connection|Failed to connect)\b/;

/** kafkajs makes one error of everything that happens while it authenticates, and keeps nothing but the text. */
function authenticationFailure(reason: string, place: Place): Found {
  if (REFUSAL.test(reason) && !INTERRUPTED.test(reason))
    return refused(place, `${credentials(place)}: check kafka.sasl`);
  return {
    code: 'KAFKA_UNAVAILABLE',
    message: `Kafka at ${peers(place)} doesn't answer while we authenticate: ${reason}.`,
  };
}

/** Whose proof of identity a broker didn't accept. */
function credentials({ kafka: { sasl } }: Place): string {
  if (sasl === null || sasl.mechanism === 'oauthbearer') return 'authentication failed';
  return `the password of user ${JSON.stringify(sasl.username)} was not accepted, or there is no such user`;
}

const TLS_NAMES = tlsNames('kafka.ssl', 'kafka.brokers');

function tlsRule(cause: KafkaError, place: Place): Found | undefined {
  const text = tlsFault(cause, TLS_NAMES, place.kafka.ssl?.cert ?? null);
  return text === null ? undefined : refused(place, text, cause.broker);
}

/** kafkajs takes these for final, but they say that something goes on in the cluster, or nothing at all. */
const PASSING = new Set([
  'UNKNOWN',
  'BROKER_NOT_AVAILABLE',
  'STALE_BROKER_EPOCH',
  'REASSIGNMENT_IN_PROGRESS',
  'GROUP_MAX_SIZE_REACHED',
  'KAFKAJS_UNKNOWN_ERROR_CODE',
]);

/** Connection troubles, and what a broker refuses for reasons of its own. Anything else is a defect, of ours or kafkajs's. */
function unclassified(error: unknown, place: Place): Error {
  const causes = kafkaCausesOf(error);
  if (isConnectionError(error) || isUnavailableCoordinator(error)) return unavailable(error, place);
  const protocol = causes.find(({ type }) => type !== undefined);
  if (protocol !== undefined) {
    const retryable = causes.some(
      (cause) => PASSING.has(cause.type ?? '') || (cause as { retriable?: boolean }).retriable === true,
    );
    if (retryable) return unavailable(error, place);
    const { code, message } = refused(place, `${protocol.type ?? ''}: ${protocol.message ?? ''}`);
    return new DrainError(code, message, { cause: error });
  }
  if (causes.some(({ name }) => name === 'KafkaJSNumberOfRetriesExceeded')) return unavailable(error, place);
  return error instanceof Error ? error : new DrainError('UNEXPECTED', String(error));
}

/** Nobody answers, or not in time. Retried by the next attempt. */
function unavailable(error: unknown, place: Place): DrainError {
  const causes = kafkaCausesOf(error);
  const innermost = causes.at(-1);
  const broker = causes.find((cause) => cause.broker !== undefined)?.broker;
  const hint = handshakeHint(causes, place);
  return new DrainError(
    'KAFKA_UNAVAILABLE',
    `Kafka at ${broker ?? peers(place)} doesn't answer: ${innermost?.message ?? 'unknown reason'}.${hint}`,
    { cause: error },
  );
}

/** A port that speaks the other protocol just hangs up. */
function handshakeHint(causes: readonly KafkaError[], { kafka }: Place): string {
  const text = causes.map(({ message, code }) => `${message ?? ''} ${String(code)}`).join(' ');
  if (kafka.ssl === null && text.includes('Closed connection')) {
    return ' If this port expects TLS, set kafka.ssl.';
  }
  if (kafka.sasl === null && text.includes('Closed connection')) {
    return ' If this port expects SASL, set kafka.sasl.';
  }
  if (kafka.ssl !== null && (text.includes('ECONNRESET') || text.includes('disconnected before secure'))) {
    return ' If this port expects plaintext, remove kafka.ssl.';
  }
  return '';
}

function refused(place: Place, reason: string, broker?: string): Found {
  return { code: 'KAFKA_REFUSED', message: `Kafka at ${broker ?? peers(place)} refused: ${reason}.` };
}

/** The group went on without us: a heartbeat came too late, or somebody removed this member. */
export function fencedText(group: string): { code: 'FENCED'; message: string } {
  return {
    code: 'FENCED',
    message: `Consumer group ${group} has declared this member dead (no heartbeat within its session timeout, or removed by an operator). What it had in hand is not committed; another attempt continues at the committed offsets.`,
  };
}

/** The remedy of `GROUP_IN_USE` with names, as far as the broker tells them. */
export function groupInUse(group: string, members: readonly GroupMember[]): DrainError {
  const who =
    members.length === 0 ? 'members that are not kafka-drain' : `other members: ${membersText(members)}`;
  return new DrainError(
    'GROUP_IN_USE',
    `Consumer group ${group} has ${who}. Stop them first, their offsets carry over; or give the pipeline a group of its own.`,
  );
}

function peers({ kafka }: Place): string {
  return kafka.brokers.join(', ');
}
