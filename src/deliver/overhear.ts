/**
 * Keeps the beginning of the answer that a connection is reading, for as long as it may still be refused: undici's parser
 * hands on nothing of a head that it does not like. It reads nothing itself, and changes nothing of what is read.
 */
import type { Socket } from "node:net";

/** An answer's head may be as large; what comes after that is not kept. */
export const HEAD_MAX_BYTES = 64 * 1_024;

const HEAD_END = Buffer.from("\r\n\r\n");
const FINAL = /^HTTP\/1\.\d [2-9]/;

/** Returns what has been read of the answer to the last request that was written. */
export function overhear(socket: Socket): () => Buffer {
  const read = socket.read.bind(socket);
  let chunks: Buffer[] = [];
  let bytes = 0;
  let writtenAtStart = -1;
  let isOver = false;
  socket.read = (size?: number): unknown => {
    // Asking for more says that what was read before has been taken, unless the connection has ended with it.
    if (!socket.destroyed && chunks.length > 0 && hasWholeHead(chunks)) {
      isOver = true;
      chunks = [];
    }
    const chunk: unknown = read(size);
    if (!Buffer.isBuffer(chunk)) return chunk;
    if (socket.bytesWritten !== writtenAtStart) {
      [chunks, bytes, isOver] = [[], 0, false];
      writtenAtStart = socket.bytesWritten;
    }
    if (isOver || bytes >= HEAD_MAX_BYTES) return chunk;
    chunks.push(chunk);
    bytes += chunk.length;
    return chunk;
  };
  return () => Buffer.concat(chunks);
}

/** Of an interim answer the final one is still to come. */
function hasWholeHead(chunks: readonly Buffer[]): boolean {
  const [first] = chunks;
  if (first === undefined || chunks.length > 1) return false;
  return first.includes(HEAD_END) && FINAL.test(first.toString("latin1", 0, 16));
}
