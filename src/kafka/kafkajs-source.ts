import type { Admin } from 'kafkajs';
import type { KafkaSettings, TopicSelection } from '../config/settings.js';
import { topicsText } from '../config/topics-text.js';
import { DrainError } from '../errors.js';
import { patchedKafkaJs } from './patched-kafkajs.js';
import { createAdmin, createClient, type AdminClient, type KafkaClient, type SourceLog } from './client.js';
import { DEFAULT_FETCH_SIZES, LEAVE_LIMIT_MS, runConsumer, within, type FetchSizes } from './consumer.js';
import { classify, groupInUse, noTopics, type Place } from './errors.js';
import { fetchOtherMembers, type GroupMember } from './group-members.js';
import {
  fetchCommitted,
  fetchLogState,
  fetchOffsetsAt,
  fetchTopicNames,
  type TopicNames,
} from './inspect.js';
import { createTokens, type TokenKeeping } from './oauth-token.js';
import { tryRights } from './rights.js';
import type { CommittedOffset, ConsumeRequest, PartitionName, PartitionState, Source } from './source.js';

/** For a worker to find out at its start, not with its first run. Error: `UNPATCHED_CLIENT`. */
export function requirePatch(): void {
  patchedKafkaJs();
}

export interface SourceOptions {
  kafka: KafkaSettings;
  topics: TopicSelection;
  group: string;
  log?: SourceLog;
  /** For OAUTHBEARER; without it each source asks for a token of its own. */
  tokens?: TokenKeeping;
  fetchSizes?: Partial<FetchSizes>;
}

/** A `Source` that tells as well who else is there, and what isn't allowed. */
export interface KafkaJsSource extends Source {
  /**
   * Resolves where a run would be allowed to read these partitions as a member of the group.
   * Errors: `KAFKA_REFUSED` as a run's, `KAFKA_UNAVAILABLE`.
   */
  tryRights: (partitions: readonly PartitionState[]) => Promise<void>;
  /** Members of the group that aren't drains. Errors: `KAFKA_UNAVAILABLE`, `KAFKA_REFUSED`. */
  otherMembers: () => Promise<GroupMember[]>;
}

/**
 * A `Source` on kafkajs. One per run: connections are made when they are first needed, and nothing that kafkajs keeps
 * outlives `close`. Errors: `UNPATCHED_CLIENT`.
 */
export function createSource(options: SourceOptions): KafkaJsSource {
  const { group, topics } = options;
  const place: Place = { ...options, topic: topicsText(topics) };
  const newClient = clientsOf(options);
  const client = newClient();
  const adminClient = createAdmin(client.kafka);
  const { admin } = adminClient;
  const closing = new AbortController();
  const consuming = new Map<KafkaClient, Promise<void>>();
  let connecting: Promise<Admin> | undefined;

  const connected = (): Promise<Admin> => {
    connecting ??= admin.connect().then(() => admin);
    // A connection that could not be made is tried anew by the next question.
    connecting.catch(() => (connecting = undefined));
    return connecting;
  };
  const ask: Ask = (question) =>
    connected()
      .then(question)
      .catch((error: unknown) => {
        throw classify(error, place);
      });

  const named = () => topicNames(adminClient, topics, place);
  const committed: Questions['committed'] = () =>
    ask(async () => fetchCommitted(adminClient, group, (await named()).selected));

  return {
    inspect: () => ask(async () => fetchLogState(adminClient, group, await named())),
    offsetsAt: (timestampMs) =>
      ask(async () => fetchOffsetsAt(adminClient, (await named()).selected, timestampMs)),
    committed,
    tryRights: (partitions) => ask(() => tryRights(adminClient, group, partitions)),
    otherMembers: () => ask((connection) => fetchOtherMembers(connection, group, options.kafka.clientId)),
    consume: (request) => {
      const own = newClient();
      const signal = AbortSignal.any([request.signal, closing.signal]);
      const running = consume(options, own, { ...request, signal }, { ask, named, committed, place });
      const settled = running.catch(() => undefined);
      consuming.set(own, settled);
      void settled.then(() => consuming.delete(own));
      return running;
    },
    close: async () => {
      closing.abort();
      const [quiet] = await Promise.all([
        within(
          admin.disconnect().catch(() => undefined),
          CLOSE_LIMIT_MS,
        ),
        within(Promise.all(consuming.values()), LEAVE_LIMIT_MS),
      ]);
      for (const own of consuming.keys()) own.cut('the source was closed');
      if (quiet) client.close();
      else client.cut('the source was closed');
    },
  };
}

/** All of a source's clients show the same token. */
function clientsOf({ kafka: settings, log, tokens: keeping }: SourceOptions): () => KafkaClient {
  const { sasl } = settings;
  const tokens = sasl?.mechanism === 'oauthbearer' ? createTokens({ settings: sasl, ...keeping }) : undefined;
  return () => createClient(settings, { log, tokens });
}

const CLOSE_LIMIT_MS = 2_000;

async function topicNames(client: AdminClient, topics: TopicSelection, place: Place): Promise<TopicNames> {
  const names = await fetchTopicNames(client, topics);
  if (names.selected.length > 0) return names;
  throw noTopics(place);
}

type Ask = <T>(question: (connection: Admin) => Promise<T>) => Promise<T>;

/** What a consumer needs to know beside its own membership. */
interface Questions {
  ask: Ask;
  /** The names of all topics. */
  named: () => Promise<TopicNames>;
  committed: () => Promise<Map<PartitionName, CommittedOffset>>;
  place: Place;
}

async function consume(
  options: SourceOptions,
  client: KafkaClient,
  request: ConsumeRequest,
  { ask, named, committed, place }: Questions,
): Promise<void> {
  const { group } = options;
  if (request.signal.aborted) return;
  try {
    await runConsumer({
      client,
      topics: (await ask(named)).selected,
      sizes: { ...DEFAULT_FETCH_SIZES, ...options.fetchSizes },
      group,
      request,
      fetchCommitted: committed,
      classify: (error) => classify(error, place),
    });
  } catch (error) {
    const known = classify(error, place);
    throw known instanceof DrainError && known.code === 'GROUP_IN_USE'
      ? await nameMembers(options, ask, known)
      : known;
  }
}

/** Asks the broker whose members are in the way; if it doesn't tell, the error goes without names. */
async function nameMembers(
  { group, kafka: { clientId } }: SourceOptions,
  ask: Ask,
  error: DrainError,
): Promise<DrainError> {
  try {
    return groupInUse(group, await ask((connection) => fetchOtherMembers(connection, group, clientId)));
  } catch {
    return error;
  }
}
