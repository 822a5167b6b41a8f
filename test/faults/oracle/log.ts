/**
 * A record as Kafka's own console consumer prints it. Keys, values and header values are texts with one character per byte
 * (latin1): nothing is lost of binary content, and a hundred thousand of them stay small.
 */
export interface LogRecord {
  topic: string;
  partition: number;
  offset: bigint;
  /** Milliseconds since 1970; -1: none. */
  timestampMs: number;
  key: string | null;
  value: string | null;
  headers: readonly { name: string; value: string | null }[];
  /** The pipeline's epoch in which the record is read: the log's incarnation. */
  epoch: number;
}

/** Beyond latin1, so that no byte of a record can be taken for one of them. */
const END_OF_FIELD = '\u241f';
const END_OF_HEADER = '\u241d';
export const END_OF_RECORD = '\u241e';
/** The consumer decodes it like a value, so it can only be a text that no harness produces. */
const NULL = '\u0001no value 6f1d2c\u0001';
const NO_HEADERS = 'NO_HEADERS';

/** The properties file of the console consumer's formatter under which {@link parseRecord} understands its output. */
export function formatterProperties(): string {
  const fields = ['timestamp', 'partition', 'offset', 'headers', 'key', 'value'];
  const decoded = ['key', 'value', 'headers'].flatMap((field) => [
    `${field}.deserializer=org.apache.kafka.common.serialization.StringDeserializer`,
    // The consumer takes the first prefix off.
    `${field}.deserializer.deserializer.encoding=ISO-8859-1`,
  ]);
  return [
    ...fields.map((field) => `print.${field}=true`),
    ...decoded,
    `key.separator=${escaped(END_OF_FIELD)}`,
    `headers.separator=${escaped(END_OF_HEADER)}`,
    `line.separator=${escaped(END_OF_RECORD)}`,
    `null.literal=${Array.from(NULL, (character) => escaped(character)).join('')}`,
  ].join('\n');
}

/** Java reads properties files as latin1. */
function escaped(text: string): string {
  return `\\u${text.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** One printed record without {@link END_OF_RECORD}. Throws where it isn't one. */
export function parseRecord(topic: string, epoch: number, text: string): LogRecord {
  const [timestamp = '', partition = '', offset = '', headers = '', key, value] = text.split(END_OF_FIELD);
  if (key === undefined || value === undefined) throw new Error(`not a record of ${topic}: ${text}`);
  return {
    topic,
    partition: Number(behindColon(partition)),
    offset: BigInt(behindColon(offset)),
    timestampMs: Number(behindColon(timestamp)),
    key: nullable(key),
    value: nullable(value),
    headers: headers === NO_HEADERS ? [] : headers.split(END_OF_HEADER).map(parseHeader),
    epoch,
  };
}

function parseHeader(text: string): { name: string; value: string | null } {
  const name = text.slice(0, text.indexOf(':'));
  return { name, value: nullable(behindColon(text)) };
}

function behindColon(text: string): string {
  return text.slice(text.indexOf(':') + 1);
}

function nullable(text: string): string | null {
  return text === NULL ? null : text;
}

/** `orders-3 offset 17`, with the epoch from the second one on. */
export function coordinatesOf({ topic, partition, offset, epoch }: LogRecord): string {
  const place = `${topic}-${String(partition)} offset ${String(offset)}`;
  return epoch > 1 ? `${place} (epoch ${String(epoch)})` : place;
}
