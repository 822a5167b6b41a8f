/**
 * Kafka's own id of a topic, which kafkajs can't ask for: it speaks Metadata up to version 6, the id came with 10 (Kafka 2.8).
 * So this is that one request by hand. https://kafka.apache.org/protocol#The_Messages_Metadata
 */

const METADATA_KEY = 3;
const METADATA_VERSION = 10;
const UUID_BYTES = 16;

export interface Identities {
  clusterId: string;
  /** By topic, base64 as Kafka's tools print it; without those that aren't there. */
  topicIds: ReadonlyMap<string, string>;
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
    decode: (data: Buffer) => Promise<Identities>;
    parse: (identities: Identities) => Promise<Identities>;
  };
}

/** `undefined`: this broker is too old to know topic ids. */
export async function fetchIdentities(
  broker: RawBroker,
  topics: readonly string[],
): Promise<Identities | undefined> {
  const spoken = broker.versions?.[METADATA_KEY];
  if (spoken === undefined || spoken.maxVersion < METADATA_VERSION) return undefined;
  const body = encodeRequest(topics);
  const exchange: RawExchange = {
    request: {
      apiKey: METADATA_KEY,
      apiVersion: METADATA_VERSION,
      apiName: 'Metadata',
      encode: () => Promise.resolve({ buf: body, buffer: body }),
    },
    response: {
      decode: (data) => Promise.resolve(decodeResponse(data)),
      parse: (identities) => Promise.resolve(identities),
    },
  };
  return (await broker.connectionPool.send(exchange)) as Identities;
}

/** From version 9 on messages are "flexible": lengths are varints plus one, and structures end with a list of tagged fields. */
export function encodeRequest(topics: readonly string[]): Buffer {
  const noTags = Buffer.from([0]);
  return Buffer.concat([
    noTags, // of the header, which kafkajs writes in its older form
    varint(topics.length + 1),
    ...topics.flatMap((topic) => {
      const name = Buffer.from(topic);
      // asked for by name, not by id
      return [Buffer.alloc(UUID_BYTES), varint(name.length + 1), name, noTags];
    }),
    Buffer.from([0, 0, 0]), // no creation, no authorized operations
    noTags,
  ]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

export function decodeResponse(data: Buffer): Identities {
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
  const topicIds = new Map<string, string>();
  for (let topics = reader.varint() - 1; topics > 0; topics -= 1) {
    const { name, error, topicId } = readTopic(reader);
    if (error === 0) topicIds.set(name, topicId);
  }
  return { clusterId, topicIds };
}

function readTopic(reader: Reader): { name: string; error: number; topicId: string } {
  const error = reader.int16();
  const name = reader.text() ?? '';
  const topicId = reader.bytes(UUID_BYTES).toString('base64url');
  reader.skip(1); // whether it is internal
  for (let partitions = reader.varint() - 1; partitions > 0; partitions -= 1) skipPartition(reader);
  reader.skip(4); // authorized operations
  reader.tags();
  return { name, error, topicId };
}

function skipPartition(reader: Reader): void {
  reader.skip(2 + 4 + 4 + 4); // error, index, leader, leader's epoch
  for (let lists = 3; lists > 0; lists -= 1) reader.skip(4 * (reader.varint() - 1)); // replicas, those in sync, those offline
  reader.tags();
}

type Reader = ReturnType<typeof createReader>;

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
