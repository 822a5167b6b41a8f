import { createSpareBuffers } from '../spare-buffers.js';
import type { ReceivedPieces } from './driver-parts.js';

/** Of look-ups: mostly three of each of two batches are under way. A longer reply, of large documents, is let go. */
const memories = createSpareBuffers({ most: 6, longest: 6 * 1024 * 1024, step: 256 * 1024 });

/** A shorter message isn't worth it: most are no look-ups, and nobody gives theirs back. */
const LEAST_BYTES = 64 * 1024;

/** A message that is compressed says so in its header; nobody gives it back, since its documents are elsewhere when it is read. */
const OPCODE_AT = 12;
const COMPRESSED = 2012;

/** Nothing of a reply is read any more, and nobody keeps a view of it. */
export function recycleReply(reply: Buffer): void {
  memories.giveBack(reply.buffer);
}

/**
 * Replaces the driver's `BufferPool.read`, which puts the pieces of a message together that have come: a long one is put into memory
 * that is used again, where the driver allocates each anew.
 */
export function readIntoSpare(original: ReceivedPieces['read']): ReceivedPieces['read'] {
  return function (this: ReceivedPieces, size) {
    const isLong = size >= LEAST_BYTES && size <= this.totalByteLength;
    if (!isLong || isCompressed(this.buffers.first())) return original.call(this, size);
    const message = memories.take(size).subarray(0, size);
    for (let at = 0; at < size;) at += move(this, message, at);
    return message;
  };
}

function isCompressed(piece: Uint8Array | null): boolean {
  if (piece === null || piece.length < OPCODE_AT + 4) return false;
  return Buffer.from(piece.buffer, piece.byteOffset, piece.length).readInt32LE(OPCODE_AT) === COMPRESSED;
}

/** Moves a piece, or what of it is of this message. */
function move(pool: ReceivedPieces, message: Buffer, at: number): number {
  const piece = pool.buffers.shift();
  // as the driver does, whose count of bytes says that there is one
  if (piece === null) return message.length - at;
  const taken = piece.subarray(0, message.length - at);
  message.set(taken, at);
  pool.totalByteLength -= taken.length;
  if (taken.length < piece.length) pool.buffers.unshift(piece.subarray(taken.length));
  return taken.length;
}
