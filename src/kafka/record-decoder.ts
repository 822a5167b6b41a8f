import type { BatchContext, DecodedRecord, Decoder } from './internals.js';

interface RecordReader extends Decoder {
  readInt8: () => number;
  readVarInt: () => number;
  readVarLong: () => unknown;
  readVarIntBytes: () => Buffer | null;
  readVarIntArray: <Item>(read: (decoder: Decoder) => Item) => Item[];
}

interface RecordContext extends BatchContext {
  firstTimestamp: unknown;
  magicByte: number;
  isControlBatch?: boolean;
  timestampType: number;
  maxTimestamp: string | null;
}

/** kafkajs's own parts from which the patched decoder of a record is built. */
export interface RecordParts {
  Long: { fromValue: (value: unknown) => LongValue };
  decodeHeader: (decoder: Decoder) => Header;
}

interface LongValue {
  add: (other: unknown) => LongValue;
  toString: () => string;
}

interface Header {
  key: string;
  value: Buffer | null;
}

type Headers = Record<string, Header['value'] | Header['value'][]>;

/** `TimestampType` of the Kafka protocol: the broker's time of appending. */
const LOG_APPEND_TIME = 1;

/**
 * Replaces kafkajs's decoder of a record (magic 2), which copies all headers for each header: a record of 100 KB with 10,000 of them
 * would take longer than a drain may be silent, in every attempt. Nor does it keep a header named `__proto__`.
 */
export function createDecodeRecord({ Long, decodeHeader }: RecordParts) {
  return (decoder: RecordReader, context: RecordContext): DecodedRecord => {
    const { firstOffset, firstTimestamp, magicByte, isControlBatch = false } = context;
    const { timestampType, maxTimestamp } = context;
    const attributes = decoder.readInt8();
    const timestampDelta = decoder.readVarLong();
    const isAppendTime = timestampType === LOG_APPEND_TIME && Boolean(maxTimestamp);
    const timestamp = isAppendTime
      ? maxTimestamp
      : Long.fromValue(firstTimestamp).add(timestampDelta).toString();
    const offset = Long.fromValue(firstOffset).add(decoder.readVarInt()).toString();
    const key = decoder.readVarIntBytes();
    const value = decoder.readVarIntBytes();
    const headers = headersOf(decoder.readVarIntArray(decodeHeader));
    const known = { magicByte, attributes, timestamp, offset, key, value, headers };
    return { ...known, isControlRecord: isControlBatch, batchContext: context };
  };
}

/** As kafkajs has them: several of one name as a list. */
function headersOf(list: readonly Header[]): Headers {
  const headers: Headers = {};
  if (list.length === 0) return headers;
  Object.setPrototypeOf(headers, null);
  for (const { key, value } of list) {
    const known = headers[key];
    if (known === undefined) headers[key] = value;
    else if (Array.isArray(known)) known.push(value);
    else headers[key] = [known, value];
  }
  return headers;
}
