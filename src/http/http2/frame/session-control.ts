import { ErrorCode } from './error-code.ts';
import { protocolFault } from './fault.ts';
import { encodeFrame, FrameFlag, type FrameHead, FrameType } from './frame-head.ts';

/** RFC 9113 §6.7: a payload of eight octets, which the peer sends back. */
export interface PingFrame {
  readonly type: 'ping';
  readonly ack: boolean;
  readonly payload: Buffer;
}

/** RFC 9113 §6.8: no stream above `lastStreamId` was looked at. `debug` is cut, and is only for logs. */
export interface GoAwayFrame {
  readonly type: 'go-away';
  readonly lastStreamId: number;
  readonly errorCode: number;
  readonly debug: string;
}

const PING_BYTES = 8;
const GOAWAY_BYTES = 8;
/** What of a peer's debug data goes into an error message. */
const DEBUG_BYTES = 200;

/** RFC 9113 §6.7. Throws the fault that ends the connection. */
export function decodePing(head: FrameHead, payload: Buffer): PingFrame {
  if (head.streamId !== 0) throw protocolFault(ErrorCode.PROTOCOL_ERROR, 'PING on a stream');
  if (payload.length !== PING_BYTES)
    throw protocolFault(ErrorCode.FRAME_SIZE_ERROR, `PING of ${payload.length} octets, not ${PING_BYTES}`);
  return { type: 'ping', ack: (head.flags & FrameFlag.ACK) !== 0, payload };
}

/** `payload`: eight octets, the peer's own in an acknowledgement. */
export function encodePing(payload: Buffer, ack: boolean): Buffer {
  return encodeFrame({ type: FrameType.PING, flags: ack ? FrameFlag.ACK : 0, streamId: 0 }, payload);
}

/** RFC 9113 §6.8. Throws the fault that ends the connection. */
export function decodeGoAway(head: FrameHead, payload: Buffer): GoAwayFrame {
  if (head.streamId !== 0) throw protocolFault(ErrorCode.PROTOCOL_ERROR, 'GOAWAY on a stream');
  if (payload.length < GOAWAY_BYTES)
    throw protocolFault(ErrorCode.FRAME_SIZE_ERROR, `GOAWAY of ${payload.length} octets`);
  return {
    type: 'go-away',
    lastStreamId: payload.readUInt32BE(0) & 0x7fff_ffff,
    errorCode: payload.readUInt32BE(4),
    debug: payload.toString('latin1', GOAWAY_BYTES, GOAWAY_BYTES + DEBUG_BYTES),
  };
}

/** `debug` is Latin-1 and goes to a peer: nothing that is secret. */
export function encodeGoAway(lastStreamId: number, errorCode: number, debug = ''): Buffer {
  const text = Buffer.from(debug, 'latin1');
  const payload = Buffer.alloc(GOAWAY_BYTES + text.length);
  payload.writeUInt32BE(lastStreamId, 0);
  payload.writeUInt32BE(errorCode, 4);
  text.copy(payload, GOAWAY_BYTES);
  return encodeFrame({ type: FrameType.GOAWAY, flags: 0, streamId: 0 }, payload);
}
