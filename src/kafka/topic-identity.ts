/**
 * Kafka's own id of a topic, which kafkajs can't ask for: it speaks Metadata up to version 6, the id came with 10 (Kafka 2.8).
 * So this is that one request by hand. https://kafka.apache.org/protocol#The_Messages_Metadata
 */

const METADATA_KEY = 3;
const METADATA_VERSION = 10;
const UUID_BYTES = 16;

export interface TopicIdentity {
  clusterId: string;
  /** Base64 as Kafka's tools print it; `null`: the topic isn't there. */
  topicId: string | null;
}

/** The parts of kafkajs's broker that are needed to send a request of one's own. */
export interface RawBroker {
  versions: Partial<Record<number, { maxVersion: number }>> | null;
  connectionPool: { send: (exchange: RawExchange) => Promise<unknown> };
}

interface RawExchange {
  request: {
    apiKey: number;
    apiVersion: number;
    apiName: string;
    /** What kafkajs takes for one of its encoders. */
    encode: () => Promise<{ buf: Buffer; buffer: Buffer }>;
  };
  response: {
    decode: (data: Buffer) => Promise<TopicIdentity>;
    parse: (identity: TopicIdentity) => Promise<TopicIdentity>;
  };
}

/** `undefined`: this broker is too old to know topic ids. */
export async function fetchTopicIdentity(
  broker: RawBroker,
  topic: string,
): Promise<TopicIdentity | undefined> {
  const spoken = broker.versions?.[METADATA_KEY];
  if (spoken === undefined || spoken.maxVersion < METADATA_VERSION) return undefined;
  const body = encodeRequest(topic);
  const exchange: RawExchange = {
    request: {
      apiKey: METADATA_KEY,
      apiVersion: METADATA_VERSION,
      apiName: 'Metadata',
      encode: () => Promise.resolve({ buf: body, buffer: body }),
    },
    response: {
      decode: (data) => Promise.resolve(decodeResponse(data)),
      parse: (identity) => Promise.resolve(identity),
    },
  };
  return (await broker.connectionPool.send(exchange)) as TopicIdentity;
}

/** From version 9 on messages are "flexible": lengths are varints plus one, and structures end with a list of tagged fields. */
export function encodeRequest(topic: string): Buffer {
  const name = Buffer.from(topic);
  const noTags = [0];
  return Buffer.concat([
    Buffer.from(noTags), // of the header, which kafkajs writes in its older form
    varint(2), // one topic
    Buffer.alloc(UUID_BYTES), // asked for by name
    varint(name.length + 1),
    name,
    Buffer.from(noTags), // of the topic
    Buffer.from([0, 0, 0]), // no creation, no authorized operations
    Buffer.from(noTags),
  ]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

export function decodeResponse(data: Buffer): TopicIdentity {
  const reader = createReader(data);
  reader.tags(); // of the header
  reader.skip(4); // throttle time
  for (let brokers = reader.varint() - 1; brokers > 0; brokers -= 1) {
    reader.skip(4);
    reader.text();
    reader.skip(4);
    reader.text();
    reader.tags();
  }
  const clusterId = reader.text() ?? '';
  reader.skip(4); // controller
  const topics = reader.varint() - 1;
  const error = topics > 0 ? reader.int16() : -1;
  reader.text();
  return { clusterId, topicId: error === 0 ? reader.bytes(UUID_BYTES).toString('base64url') : null };
}

function createReader(data: Buffer) {
  let at = 0;
  const bytes = (length: number): Buffer => data.subarray(at, (at += length));
  const readVarint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = data.readUInt8(at++);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  return {
    bytes,
    skip: (length: number): void => void bytes(length),
    varint: readVarint,
    int16: (): number => bytes(2).readInt16BE(),
    text: (): string | null => {
      const length = readVarint() - 1;
      return length < 0 ? null : bytes(length).toString();
    },
    tags: (): void => {
      for (let count = readVarint(); count > 0; count -= 1) {
        readVarint();
        bytes(readVarint());
      }
    },
  };
}
