import type { Http2Config } from '../config.ts';
import {
  DEFAULT_MAX_FRAME_BYTES,
  DEFAULT_WINDOW_BYTES,
  ErrorCode,
  encodeSettings,
  protocolFault,
  Setting,
  type SettingEntry,
} from '../frame/index.ts';

/** Which end of a connection this is: clients have the odd stream ids (RFC 9113 §5.1.1). */
export type Role = 'client' | 'server';

/** What the peer told us, with RFC 9113 §6.5.2's defaults until it did. */
export interface PeerSettings {
  received: boolean;
  maxConcurrentStreams: number;
  initialWindowBytes: number;
  maxFrameBytes: number;
}

/** Ours on the way out, each waiting for its acknowledgement in order; the peer's as they come in. */
export class SettingsExchange {
  readonly peer: PeerSettings;
  readonly #role: Role;
  readonly #now: () => number;
  /** INITIAL_WINDOW_SIZE of each SETTINGS that is not acknowledged, oldest first. */
  readonly #unacknowledged: { readonly initialWindow: number; readonly sentAtMs: number }[] = [];

  constructor(role: Role, config: Http2Config, now: () => number) {
    this.#role = role;
    this.#now = now;
    this.peer = {
      received: false,
      maxConcurrentStreams: config.initialMaxSendStreams,
      initialWindowBytes: DEFAULT_WINDOW_BYTES,
      maxFrameBytes: DEFAULT_MAX_FRAME_BYTES,
    };
  }

  /** The SETTINGS that open a connection. */
  first(config: Http2Config): Buffer {
    const entries: SettingEntry[] = [
      [Setting.INITIAL_WINDOW_SIZE, config.streamWindowBytes],
      [Setting.MAX_FRAME_SIZE, config.maxFrameBytes],
      [Setting.MAX_HEADER_LIST_SIZE, config.headerListBytes],
    ];
    if (this.#role === 'client') entries.unshift([Setting.ENABLE_PUSH, 0]);
    else entries.unshift([Setting.MAX_CONCURRENT_STREAMS, config.maxConcurrentStreams]);
    this.#unacknowledged.push({ initialWindow: config.streamWindowBytes, sentAtMs: this.#now() });
    return encodeSettings(entries);
  }

  initialWindow(bytes: number): Buffer {
    this.#unacknowledged.push({ initialWindow: bytes, sentAtMs: this.#now() });
    return encodeSettings([[Setting.INITIAL_WINDOW_SIZE, bytes]]);
  }

  /** Returns the INITIAL_WINDOW_SIZE that is in effect from now on. */
  acknowledged(): number {
    const oldest = this.#unacknowledged.shift();
    if (oldest === undefined)
      throw protocolFault(ErrorCode.PROTOCOL_ERROR, 'SETTINGS were acknowledged that were never sent');
    return oldest.initialWindow;
  }

  /** How long the oldest SETTINGS has waited for its acknowledgement, in ms; 0 when none has. */
  get waitingMs(): number {
    const oldest = this.#unacknowledged[0];
    return oldest === undefined ? 0 : this.#now() - oldest.sentAtMs;
  }

  apply(entries: readonly SettingEntry[]): void {
    this.peer.received = true;
    // RFC 9113 §6.5.2: without the setting there is no limit; ours was a guess until now.
    if (!this.#limitKnown) this.peer.maxConcurrentStreams = Number.MAX_SAFE_INTEGER;
    this.#limitKnown = true;
    for (const [id, value] of entries) {
      if (id === Setting.MAX_CONCURRENT_STREAMS) this.peer.maxConcurrentStreams = value;
      else if (id === Setting.INITIAL_WINDOW_SIZE) this.peer.initialWindowBytes = value;
      else if (id === Setting.MAX_FRAME_SIZE) this.peer.maxFrameBytes = value;
      else if (id === Setting.ENABLE_PUSH && value === 1 && this.#role === 'client')
        // RFC 9113 §6.5.2: a server never turns push on.
        throw protocolFault(ErrorCode.PROTOCOL_ERROR, 'a server sent ENABLE_PUSH 1');
    }
  }

  #limitKnown = false;
}
