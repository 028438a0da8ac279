import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';

const BLOCK_BYTES = 1 << 20;

/** Bytes that no shift, swap or repetition leaves equal: each mebibyte begins with its own number. */
function* blocks(bytes: number): Generator<Buffer> {
  for (let sent = 0, number = 0; sent < bytes; number++) {
    const block = Buffer.alloc(Math.min(BLOCK_BYTES, bytes - sent), number % 251);
    if (block.length >= 8) block.writeUInt32BE(number, 0);
    sent += block.length;
    yield block;
  }
}

/** `bytes` patterned bytes as a stream. */
export function patternedBytes(bytes: number): Readable {
  return Readable.from(blocks(bytes), { objectMode: false, highWaterMark: BLOCK_BYTES });
}

/** The SHA-256 that `bytes` patterned bytes have. */
export function patternDigest(bytes: number): string {
  const hash = createHash('sha256');
  for (const block of blocks(bytes)) hash.update(block);
  return hash.digest('hex');
}
