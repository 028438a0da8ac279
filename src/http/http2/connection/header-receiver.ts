import type { Http2Config } from '../config.ts';
import { ErrorCode, type HeadersFrame, protocolFault } from '../frame/index.ts';
import { createHpackDecoder, type HeaderField, type HpackDecoder } from '../hpack/index.ts';
import type { FloodGuard } from '../flow/flood-guard.ts';
import { faultOfRequest, faultOfResponse, faultOfTrailers, pseudoField } from './header-rules.ts';
import type { Http2Stream } from './http2-stream.ts';
import type { Role } from './settings-exchange.ts';
import type { StreamTable } from './stream-table.ts';

/** What a header block turned out to be, and what its connection has to do about it. */
export interface HeaderOutcome {
  /** A well-formed request on a new stream, which has to be made. */
  onRequest(streamId: number, fields: readonly HeaderField[], endStream: boolean): void;
  /** The final answer to a request of ours. */
  onResponse(stream: Http2Stream, fields: readonly HeaderField[], endStream: boolean): void;
  onInformational(stream: Http2Stream, fields: readonly HeaderField[]): void;
  /** The fields behind the peer's bytes, and its end. */
  onTrailers(stream: Http2Stream, fields: readonly HeaderField[]): void;
  /** The peer broke a rule: reset the stream with this code. */
  onFault(stream: Http2Stream, errorCode: number, why: string): void;
  /** A new stream that is not to be: reset it with this code. */
  onRefused(streamId: number, errorCode: number): void;
  /** A request with more fields than we take. False: nobody is there to say so, and it is to be refused. */
  onOversized(streamId: number, endStream: boolean): boolean;
}

/** Reads header blocks and decides what each one is: request, answer, or breach. */
export class HeaderReceiver {
  /** Streams beyond this are not taken any more: GOAWAY said so. */
  lastTakenId = Number.POSITIVE_INFINITY;
  readonly #role: Role;
  readonly #maxConcurrentStreams: number;
  readonly #streams: StreamTable;
  readonly #floods: FloodGuard;
  readonly #outcome: HeaderOutcome;
  readonly #decoder: HpackDecoder;

  constructor(
    context: {
      readonly role: Role;
      readonly config: Http2Config;
      readonly streams: StreamTable;
      readonly floods: FloodGuard;
    },
    outcome: HeaderOutcome,
  ) {
    const { role, config } = context;
    this.#role = role;
    this.#maxConcurrentStreams = config.maxConcurrentStreams;
    this.#streams = context.streams;
    this.#floods = context.floods;
    this.#outcome = outcome;
    this.#decoder = createHpackDecoder({
      tableBytes: HPACK_TABLE_BYTES,
      maxListBytes: config.headerListBytes,
    });
  }

  receive(frame: HeadersFrame): void {
    // Decoded whatever becomes of the stream: the table is shared by all (RFC 9113 §4.3).
    const { fields, tooLarge } = this.#decoder.decode(frame.block);
    const stream = this.#streams.open.get(frame.streamId);
    if (stream === undefined) {
      if (this.#role === 'server') this.#newStream(frame, fields, tooLarge);
      else if (this.#streams.isIdle(frame.streamId))
        throw protocolFault(ErrorCode.PROTOCOL_ERROR, `an answer on stream ${frame.streamId}, never opened`);
      else this.#floods.countIdleFrame('HEADERS on a closed stream');
      return;
    }
    if (stream.remoteEnded) {
      this.#outcome.onFault(stream, ErrorCode.STREAM_CLOSED, 'HEADERS after END_STREAM');
    } else if (this.#role === 'server' || stream.answered) {
      this.#trailers(stream, frame, fields, tooLarge);
    } else if (tooLarge) {
      this.#outcome.onFault(stream, ErrorCode.ENHANCE_YOUR_CALM, 'the answer has too many headers');
    } else {
      this.#answer(stream, frame, fields);
    }
  }

  #answer(stream: Http2Stream, frame: HeadersFrame, fields: readonly HeaderField[]): void {
    const fault = faultOfResponse(fields);
    if (fault !== undefined) {
      this.#outcome.onFault(stream, ErrorCode.PROTOCOL_ERROR, fault);
      return;
    }
    // RFC 9110 §15.2: any number of interim answers may come first.
    if (pseudoField(fields, ':status')?.startsWith('1') === true) {
      if (frame.endStream) {
        this.#outcome.onFault(stream, ErrorCode.PROTOCOL_ERROR, 'an interim answer that ends');
        return;
      }
      this.#floods.countIdleFrame('an interim answer');
      this.#outcome.onInformational(stream, fields);
      return;
    }
    this.#outcome.onResponse(stream, fields, frame.endStream);
  }

  #trailers(
    stream: Http2Stream,
    frame: HeadersFrame,
    fields: readonly HeaderField[],
    tooLarge: boolean,
  ): void {
    // RFC 9113 §8.5: no HEADERS within a tunnel. §8.1: elsewhere a second one ends the message.
    const fault = stream.tunnel
      ? 'HEADERS inside a tunnel'
      : frame.endStream
        ? faultOfTrailers(fields)
        : 'HEADERS in the middle of a message';
    if (fault !== undefined) this.#outcome.onFault(stream, ErrorCode.PROTOCOL_ERROR, fault);
    else if (tooLarge) this.#outcome.onFault(stream, ErrorCode.ENHANCE_YOUR_CALM, 'too many trailers');
    else this.#outcome.onTrailers(stream, fields);
  }

  #newStream(frame: HeadersFrame, fields: readonly HeaderField[], tooLarge: boolean): void {
    const { streamId } = frame;
    // RFC 9113 §5.1.1: clients use odd numbers, rising.
    if (streamId % 2 === 0) throw protocolFault(ErrorCode.PROTOCOL_ERROR, `a request on stream ${streamId}`);
    if (streamId <= this.#streams.lastRemoteId) {
      this.#floods.countIdleFrame('HEADERS on a closed stream');
      return;
    }
    if (streamId > this.lastTakenId) return;
    this.#streams.lastRemoteId = streamId;
    const errorCode = this.#reasonToRefuse(fields, tooLarge);
    if (errorCode === undefined) {
      this.#outcome.onRequest(streamId, fields, frame.endStream);
      return;
    }
    this.#floods.countWastedStream();
    if (errorCode === ErrorCode.ENHANCE_YOUR_CALM && this.#outcome.onOversized(streamId, frame.endStream))
      return;
    this.#outcome.onRefused(streamId, errorCode);
  }

  #reasonToRefuse(fields: readonly HeaderField[], tooLarge: boolean): number | undefined {
    if (this.#streams.open.size >= this.#maxConcurrentStreams) return ErrorCode.REFUSED_STREAM;
    if (tooLarge) return ErrorCode.ENHANCE_YOUR_CALM;
    return faultOfRequest(fields) === undefined ? undefined : ErrorCode.PROTOCOL_ERROR;
  }
}

/** RFC 9113 §6.5.2's default, which we leave. */
const HPACK_TABLE_BYTES = 4096;
