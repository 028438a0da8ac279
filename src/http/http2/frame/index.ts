export { ErrorCode, errorCodeName } from './error-code.ts';
export { protocolFault } from './fault.ts';
export { type Frame, FrameDecoder, type FrameVisitor } from './frame-decoder.ts';
export {
  encodeFrame,
  FRAME_HEAD_BYTES,
  FrameFlag,
  type FrameHead,
  FrameType,
  readFrameHead,
  writeFrameHead,
} from './frame-head.ts';
export { encodeHeaders, type HeadersFrame } from './headers.ts';
export { CLIENT_PREFACE, PrefaceReader } from './preface.ts';
export { encodeGoAway, encodePing, type GoAwayFrame, type PingFrame } from './session-control.ts';
export {
  DEFAULT_MAX_FRAME_BYTES,
  DEFAULT_WINDOW_BYTES,
  encodeSettings,
  MAX_WINDOW_BYTES,
  SETTINGS_ACK,
  Setting,
  type SettingEntry,
  type SettingsFrame,
} from './settings.ts';
export {
  encodeReset,
  encodeWindowUpdate,
  type ResetFrame,
  type WindowUpdateFrame,
} from './stream-control.ts';
