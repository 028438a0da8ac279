import type { Settings } from 'node:http2';
import type { TunnelConfig } from '../../../../src/tunnel-protocol/config.ts';

/** node:http2 kills every stream of a session that holds more; the windows bound it instead (design.md, Memory). */
export const SESSION_MEMORY_MIB = 65_536;

export function clientSettings(config: TunnelConfig): Settings {
  return {
    enablePush: false,
    initialWindowSize: config.streamWindowBytes,
    maxFrameSize: config.maxFrameBytes,
    maxHeaderListSize: config.clientHeaderListBytes,
  };
}

export function serverSettings(config: TunnelConfig): Settings {
  return {
    initialWindowSize: config.streamWindowBytes,
    maxFrameSize: config.maxFrameBytes,
    maxConcurrentStreams: config.maxConcurrentStreams,
    maxHeaderListSize: config.serverHeaderListBytes,
  };
}
