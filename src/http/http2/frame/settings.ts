import { ErrorCode } from './error-code.ts';
import { protocolFault } from './fault.ts';
import { encodeFrame, FrameFlag, type FrameHead, FrameType } from './frame-head.ts';

/** RFC 9113 §6.5.2. */
export const Setting = {
  HEADER_TABLE_SIZE: 0x1,
  ENABLE_PUSH: 0x2,
  MAX_CONCURRENT_STREAMS: 0x3,
  INITIAL_WINDOW_SIZE: 0x4,
  MAX_FRAME_SIZE: 0x5,
  MAX_HEADER_LIST_SIZE: 0x6,
} as const;

/** A setting of RFC 9113 §6.5.2 or of a later one; unknown ids are passed over. */
export type SettingEntry = readonly [id: number, value: number];

/** RFC 9113 §6.5: an acknowledgement is empty. */
export interface SettingsFrame {
  readonly type: 'settings';
  readonly ack: boolean;
  readonly entries: readonly SettingEntry[];
}

const ENTRY_BYTES = 6;
export const MAX_WINDOW_BYTES = 0x7fff_ffff;
export const DEFAULT_WINDOW_BYTES = 65_535;
export const DEFAULT_MAX_FRAME_BYTES = 16_384;
const MAX_MAX_FRAME_BYTES = 0xff_ffff;

/** RFC 9113 §6.5, each value checked. Throws the fault that ends the connection. */
export function decodeSettings(head: FrameHead, payload: Buffer): SettingsFrame {
  if (head.streamId !== 0) throw protocolFault(ErrorCode.PROTOCOL_ERROR, 'SETTINGS on a stream');
  const ack = (head.flags & FrameFlag.ACK) !== 0;
  if (payload.length % ENTRY_BYTES !== 0 || (ack && payload.length > 0))
    throw protocolFault(ErrorCode.FRAME_SIZE_ERROR, `SETTINGS of ${payload.length} octets`);
  const entries: SettingEntry[] = [];
  for (let offset = 0; offset < payload.length; offset += ENTRY_BYTES) {
    const entry: SettingEntry = [payload.readUInt16BE(offset), payload.readUInt32BE(offset + 2)];
    check(entry);
    entries.push(entry);
  }
  return { type: 'settings', ack, entries };
}

/** A SETTINGS that is no acknowledgement, its entries in the order given. */
export function encodeSettings(entries: readonly SettingEntry[]): Buffer {
  const payload = Buffer.allocUnsafe(entries.length * ENTRY_BYTES);
  for (const [index, [id, value]] of entries.entries()) {
    payload.writeUInt16BE(id, index * ENTRY_BYTES);
    payload.writeUInt32BE(value, index * ENTRY_BYTES + 2);
  }
  return encodeFrame({ type: FrameType.SETTINGS, flags: 0, streamId: 0 }, payload);
}

export const SETTINGS_ACK = encodeFrame(
  { type: FrameType.SETTINGS, flags: FrameFlag.ACK, streamId: 0 },
  Buffer.alloc(0),
);

/** RFC 9113 §6.5.2: the ranges of the known settings; unknown ones are ignored. */
function check([id, value]: SettingEntry): void {
  if (id === Setting.ENABLE_PUSH && value > 1)
    throw protocolFault(ErrorCode.PROTOCOL_ERROR, `ENABLE_PUSH is ${value}`);
  if (id === Setting.INITIAL_WINDOW_SIZE && value > MAX_WINDOW_BYTES)
    throw protocolFault(ErrorCode.FLOW_CONTROL_ERROR, `INITIAL_WINDOW_SIZE is ${value}`);
  if (id === Setting.MAX_FRAME_SIZE && (value < DEFAULT_MAX_FRAME_BYTES || value > MAX_MAX_FRAME_BYTES))
    throw protocolFault(ErrorCode.PROTOCOL_ERROR, `MAX_FRAME_SIZE is ${value}`);
}
