import {
  beginField,
  ELEMENT,
  endDocument,
  writeElement,
  writeInt32,
  writeInt64,
  writeName,
  writeString,
} from './bson-elements.js';
import type { Writer } from './bson-elements.js';
import { hasTime } from './iso-date.js';
import type { Version } from './sink.js';

/** `_kafka` as the documents of one partition have it: all but 16 of its bytes are the same in most of them. */
interface Pattern extends Places, Pick<Version, 'partition' | 'epoch'> {
  bytes: Buffer;
}

/** Where the values are that differ, of a pattern. */
interface Places {
  offsetAt: number;
  timestampAt: number;
}

/** What it takes beside the partition's name and what the record declares, at most. */
export const RESERVED_BYTES = 96;

/** Of the partition that was written last: they come in long rows. */
let last: Pattern = patternOf('', 1);

/** `_kafka`, as `reservedField` has it. */
export function writeReserved(writer: Writer, version: Version): void {
  const { partition, epoch, offset, timestampMs, declared } = version;
  if (declared !== undefined || !hasTime(timestampMs)) {
    writeParts(writer, version);
    return;
  }
  if (last.partition !== partition || last.epoch !== epoch) last = patternOf(partition, epoch);
  const { bytes, offsetAt, timestampAt } = last;
  const from = writer.to;
  writer.out.set(bytes, from);
  writer.to = from + offsetAt;
  writeInt64(writer, offset);
  writer.to = from + timestampAt;
  writeInt64(writer, timestampMs);
  writer.to = from + bytes.length;
}

function patternOf(partition: string, epoch: number): Pattern {
  const writer = { out: Buffer.alloc(RESERVED_BYTES + 3 * partition.length), to: 0 };
  const places = writeParts(writer, { partition, epoch, offset: 0n, timestampMs: 0 });
  return { partition, epoch, bytes: writer.out.subarray(0, writer.to), ...places };
}

function writeParts(writer: Writer, version: Version): Places {
  const { partition, offset, timestampMs, epoch, declared } = version;
  const { out, to: from } = writer;
  const lengthAt = beginField(writer, ELEMENT.object, '_kafka');
  out[writer.to++] = ELEMENT.string;
  writeName(writer, 'partition');
  writeString(writer, partition);
  out[writer.to++] = ELEMENT.int64;
  writeName(writer, 'offset');
  const offsetAt = writer.to - from;
  writeInt64(writer, offset);
  const isTimed = hasTime(timestampMs);
  out[writer.to++] = isTimed ? ELEMENT.date : ELEMENT.null;
  writeName(writer, 'timestamp');
  const timestampAt = writer.to - from;
  if (isTimed) writeInt64(writer, timestampMs);
  if (epoch > 1) {
    out[writer.to++] = ELEMENT.int32;
    writeName(writer, 'epoch');
    writeInt32(writer, epoch);
  }
  if (declared !== undefined) writeElement(writer, 'version', declared);
  endDocument(writer, lengthAt);
  return { offsetAt, timestampAt };
}
