import type { BatchContext, DecodedHeader, DecodedRecord, Decoder } from './internals.js';

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
  decodeHeader: (decoder: Decoder) => DecodedHeader;
}

interface LongValue {
  add: (other: unknown) => LongValue;
  toString: () => string;
}

/** `TimestampType` of the Kafka protocol: the broker's time of appending. */
const LOG_APPEND_TIME = 1;

/**
 * Replaces kafkajs's decoder of a record (magic 2). That makes an object of the headers: it copies all for each header, so that a
 * record of 100 KB with 10,000 of them would take longer than a drain may be silent, in every attempt; and it loses their order.
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
    const headers = decoder.readVarIntArray(decodeHeader);
    const known = { magicByte, attributes, timestamp, offset, key, value, headers };
    return { ...known, isControlRecord: isControlBatch, batchContext: context };
  };
}
