import { ErrorCode } from './error-code.ts';
import { protocolFault } from './fault.ts';
import { FRAME_HEAD_BYTES, FrameFlag, type FrameHead, FrameType, readFrameHead } from './frame-head.ts';
import { decodeContinuation, decodeHeaders, type HeadersFrame } from './headers.ts';
import { decodeGoAway, decodePing, type GoAwayFrame, type PingFrame } from './session-control.ts';
import { decodeSettings, type SettingsFrame } from './settings.ts';
import {
  decodePriority,
  decodePushPromise,
  decodeReset,
  decodeWindowUpdate,
  type PriorityFrame,
  type ResetFrame,
  type WindowUpdateFrame,
} from './stream-control.ts';

/** Every frame that is handed out whole: neither DATA nor a CONTINUATION. */
export type Frame =
  | HeadersFrame
  | PriorityFrame
  | ResetFrame
  | SettingsFrame
  | PingFrame
  | GoAwayFrame
  | WindowUpdateFrame
  | UnknownFrame;

/** RFC 9113 §4.1: ignored, but counted. */
export interface UnknownFrame {
  readonly type: 'unknown';
}

/** What the decoder tells, in wire order. Any of these may throw; the decoder is useless then. */
export interface FrameVisitor {
  /** The head of a DATA frame; `length` is what flow control counts, padding included. */
  onDataHead(streamId: number, length: number, endStream: boolean): void;
  /** A piece of its data, a view of the chunk that was decoded. Never empty. */
  onData(streamId: number, bytes: Buffer): void;
  onDataEnd(streamId: number, endStream: boolean): void;
  onFrame(frame: Frame): void;
}

/** What a peer may make the decoder keep before a frame or a header block is whole. */
export interface FrameDecoderLimits {
  /** Our SETTINGS_MAX_FRAME_SIZE. */
  readonly maxFrameBytes: number;
  /** A header block longer than this, however cut, is a flood. */
  readonly maxBlockBytes: number;
}

/**
 * Bytes to frames. DATA is passed through piece by piece as it comes; every other frame is small and comes whole;
 * a header block comes whole with its CONTINUATIONs.
 */
export class FrameDecoder {
  readonly #visitor: FrameVisitor;
  readonly #limits: FrameDecoderLimits;
  /** The part of a head or of a whole non-DATA payload that has arrived. */
  #partial: Buffer | undefined;
  #head: FrameHead | undefined;
  /** Of the DATA frame that is passing through: data left, then padding left. */
  #dataLeft = 0;
  #paddingLeft = 0;
  #paddingUnknown = false;
  #skipLeft = 0;
  #block: { readonly frame: HeadersFrame; readonly pieces: Buffer[]; bytes: number } | undefined;

  constructor(visitor: FrameVisitor, limits: FrameDecoderLimits) {
    this.#visitor = visitor;
    this.#limits = limits;
  }

  /** Decodes everything in `chunk`. Throws a HttpError with the `http2Code` of RFC 9113. */
  decode(chunk: Buffer): void {
    let offset = 0;
    while (offset < chunk.length || this.#isComplete()) {
      const head = this.#head;
      if (head === undefined) {
        offset = this.#readHead(chunk, offset);
      } else if (head.type === FrameType.DATA) {
        offset = this.#passData(head, chunk, offset);
      } else if (this.#skipLeft > 0) {
        const skipped = Math.min(this.#skipLeft, chunk.length - offset);
        this.#skipLeft -= skipped;
        offset += skipped;
        if (this.#skipLeft === 0) this.#head = undefined;
      } else {
        offset = this.#readPayload(head, chunk, offset);
      }
    }
  }

  /** True when a frame without further bytes waits to be finished. */
  #isComplete(): boolean {
    const head = this.#head;
    if (head === undefined) return false;
    if (head.type === FrameType.DATA)
      return this.#dataLeft === 0 && this.#paddingLeft === 0 && !this.#paddingUnknown;
    return head.length === 0;
  }

  #readHead(chunk: Buffer, offset: number): number {
    let head: FrameHead;
    let end: number;
    if (this.#partial === undefined && chunk.length - offset >= FRAME_HEAD_BYTES) {
      head = readFrameHead(chunk, offset);
      end = offset + FRAME_HEAD_BYTES;
    } else {
      const missing = FRAME_HEAD_BYTES - (this.#partial?.length ?? 0);
      end = Math.min(chunk.length, offset + missing);
      const gathered = this.#gather(chunk.subarray(offset, end));
      if (gathered.length < FRAME_HEAD_BYTES) return end;
      this.#partial = undefined;
      head = readFrameHead(gathered, 0);
    }
    this.#begin(head);
    return end;
  }

  #begin(head: FrameHead): void {
    // RFC 9113 §4.2.
    if (head.length > this.#limits.maxFrameBytes)
      throw protocolFault(
        ErrorCode.FRAME_SIZE_ERROR,
        `a frame of ${head.length} octets, ${this.#limits.maxFrameBytes} allowed`,
      );
    // RFC 9113 §6.10: nothing may come between the frames of one header block.
    const open = this.#block?.frame.streamId;
    if (open !== undefined && (head.type !== FrameType.CONTINUATION || head.streamId !== open))
      throw protocolFault(ErrorCode.PROTOCOL_ERROR, `a frame of type ${head.type} inside a header block`);
    if (open === undefined && head.type === FrameType.CONTINUATION)
      throw protocolFault(ErrorCode.PROTOCOL_ERROR, 'CONTINUATION outside a header block');
    this.#head = head;
    if (head.type === FrameType.DATA) {
      if (head.streamId === 0) throw protocolFault(ErrorCode.PROTOCOL_ERROR, 'DATA without a stream');
      this.#paddingUnknown = (head.flags & FrameFlag.PADDED) !== 0;
      if (this.#paddingUnknown && head.length === 0)
        throw protocolFault(ErrorCode.FRAME_SIZE_ERROR, 'a padded frame is empty');
      this.#dataLeft = this.#paddingUnknown ? 0 : head.length;
      this.#visitor.onDataHead(head.streamId, head.length, (head.flags & FrameFlag.END_STREAM) !== 0);
    } else if (head.type > FrameType.CONTINUATION) {
      this.#visitor.onFrame(UNKNOWN_FRAME);
      this.#skipLeft = head.length;
      if (head.length === 0) this.#head = undefined;
    } else if (head.length > this.#limits.maxBlockBytes) {
      // Only DATA has a reason to be large; holding the rest would be memory for the asking.
      throw protocolFault(
        ErrorCode.ENHANCE_YOUR_CALM,
        `a frame of type ${head.type} with ${head.length} octets`,
      );
    }
  }

  #passData(head: FrameHead, chunk: Buffer, start: number): number {
    let offset = start;
    if (this.#paddingUnknown) {
      const padding = chunk[offset] ?? 0;
      offset += 1;
      // RFC 9113 §6.1: padding as long as the payload or longer is an error.
      if (padding >= head.length)
        throw protocolFault(ErrorCode.PROTOCOL_ERROR, `${padding} octets of padding in ${head.length}`);
      this.#paddingUnknown = false;
      this.#paddingLeft = padding;
      this.#dataLeft = head.length - 1 - padding;
    }
    if (this.#dataLeft > 0 && offset < chunk.length) {
      const end = Math.min(chunk.length, offset + this.#dataLeft);
      this.#dataLeft -= end - offset;
      this.#visitor.onData(head.streamId, chunk.subarray(offset, end));
      offset = end;
    }
    if (this.#dataLeft === 0 && this.#paddingLeft > 0) {
      const end = Math.min(chunk.length, offset + this.#paddingLeft);
      this.#paddingLeft -= end - offset;
      offset = end;
    }
    if (this.#dataLeft === 0 && this.#paddingLeft === 0) {
      this.#head = undefined;
      this.#visitor.onDataEnd(head.streamId, (head.flags & FrameFlag.END_STREAM) !== 0);
    }
    return offset;
  }

  #readPayload(head: FrameHead, chunk: Buffer, offset: number): number {
    let payload: Buffer;
    let end: number;
    if (this.#partial === undefined && chunk.length - offset >= head.length) {
      end = offset + head.length;
      payload = chunk.subarray(offset, end);
    } else {
      end = Math.min(chunk.length, offset + head.length - (this.#partial?.length ?? 0));
      payload = this.#gather(chunk.subarray(offset, end));
      if (payload.length < head.length) return end;
      this.#partial = undefined;
    }
    this.#head = undefined;
    this.#finish(head, payload);
    return end;
  }

  #gather(bytes: Buffer): Buffer {
    this.#partial = this.#partial === undefined ? Buffer.from(bytes) : Buffer.concat([this.#partial, bytes]);
    return this.#partial;
  }

  #finish(head: FrameHead, payload: Buffer): void {
    switch (head.type) {
      case FrameType.HEADERS: {
        const frame = decodeHeaders(head, payload);
        if (frame.endHeaders) this.#visitor.onFrame(frame);
        else this.#block = { frame, pieces: [Buffer.from(frame.block)], bytes: frame.block.length };
        return;
      }
      case FrameType.CONTINUATION:
        this.#continueBlock(head, payload);
        return;
      case FrameType.PRIORITY:
        this.#visitor.onFrame(decodePriority(head, payload));
        return;
      case FrameType.RST_STREAM:
        this.#visitor.onFrame(decodeReset(head, payload));
        return;
      case FrameType.SETTINGS:
        this.#visitor.onFrame(decodeSettings(head, payload));
        return;
      case FrameType.PING:
        this.#visitor.onFrame(decodePing(head, payload));
        return;
      case FrameType.GOAWAY:
        this.#visitor.onFrame(decodeGoAway(head, payload));
        return;
      case FrameType.WINDOW_UPDATE:
        this.#visitor.onFrame(decodeWindowUpdate(head, payload));
        return;
      default:
        decodePushPromise();
    }
  }

  #continueBlock(head: FrameHead, payload: Buffer): void {
    const frame = decodeContinuation(head, payload);
    const block = this.#block;
    if (block === undefined) return;
    block.pieces.push(Buffer.from(frame.block));
    block.bytes += frame.block.length;
    // CVE-2024-27316 and kin: endless CONTINUATIONs, also empty ones.
    if (block.bytes > this.#limits.maxBlockBytes || block.pieces.length > MAX_BLOCK_FRAMES)
      throw protocolFault(
        ErrorCode.ENHANCE_YOUR_CALM,
        `a header block of ${block.bytes} octets in ${block.pieces.length} frames`,
      );
    if (!frame.endHeaders) return;
    this.#block = undefined;
    this.#visitor.onFrame({ ...block.frame, endHeaders: true, block: Buffer.concat(block.pieces) });
  }
}

const MAX_BLOCK_FRAMES = 64;
const UNKNOWN_FRAME: UnknownFrame = { type: 'unknown' };
