import { ErrorCode } from './error-code.ts';
import { protocolFault } from './fault.ts';

/** RFC 9113 §3.4: what a client sends before its first frame. */
export const CLIENT_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** Takes the preface off the front of a connection's bytes, however they are cut. */
export class PrefaceReader {
  #matchedBytes = 0;

  /** The part of the chunk that lies behind the preface. Throws PROTOCOL_ERROR when the octets are others. */
  strip(chunk: Buffer): Buffer {
    const matched = this.#matchedBytes;
    if (matched === CLIENT_PREFACE.length) return chunk;
    const length = Math.min(chunk.length, CLIENT_PREFACE.length - matched);
    if (CLIENT_PREFACE.compare(chunk, 0, length, matched, matched + length) !== 0)
      throw protocolFault(ErrorCode.PROTOCOL_ERROR, 'the connection does not begin with the HTTP/2 preface');
    this.#matchedBytes += length;
    return chunk.subarray(length);
  }
}
