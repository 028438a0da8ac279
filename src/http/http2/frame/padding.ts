import { ErrorCode } from './error-code.ts';
import { protocolFault } from './fault.ts';
import { FrameFlag, type FrameHead } from './frame-head.ts';

/** RFC 9113 §6.1: the first octet of a padded payload is the padding's length. Returns what lies between. */
export function stripPadding(head: FrameHead, payload: Buffer): Buffer {
  if ((head.flags & FrameFlag.PADDED) === 0) return payload;
  const padding = payload[0];
  if (padding === undefined) throw protocolFault(ErrorCode.FRAME_SIZE_ERROR, 'a padded frame is empty');
  if (padding >= payload.length)
    throw protocolFault(
      ErrorCode.PROTOCOL_ERROR,
      `${padding} octets of padding in a payload of ${payload.length}`,
    );
  return payload.subarray(1, payload.length - padding);
}
