import type { HttpError } from '../../errors.ts';
import { cutError } from './cuts.ts';
import type { Http2Stream } from './http2-stream.ts';
import type { Role } from './settings-exchange.ts';

/** The streams that are not closed, which identifiers were ever used (RFC 9113 §5.1.1), and how streams end. */
export class StreamTable {
  readonly open = new Map<number, Http2Stream>();
  lastRemoteId = 0;
  readonly #role: Role;
  readonly #onChange: () => void;
  #lastLocalId = 0;

  /** `onChange` is told of every stream that comes or goes. */
  constructor(role: Role, onChange: () => void) {
    this.#role = role;
    this.#onChange = onChange;
  }

  /** False once all identifiers of this side are used up. */
  get hasNextId(): boolean {
    return this.#lastLocalId < MAX_STREAM_ID - 2;
  }

  nextId(): number {
    this.#lastLocalId += this.#lastLocalId === 0 ? 1 : 2;
    return this.#lastLocalId;
  }

  /** RFC 9113 §5.1: idle is what nobody has opened yet; most frames on it are an error. */
  isIdle(streamId: number): boolean {
    const ours = streamId % 2 === (this.#role === 'client' ? 1 : 0);
    return streamId > (ours ? this.#lastLocalId : this.lastRemoteId);
  }

  /** The peer's END_STREAM. */
  endRemote(stream: Http2Stream): void {
    stream.remoteEnded = true;
    stream.sink.onEnd();
    this.settle(stream);
  }

  /** Forgets a stream that is complete both ways. */
  settle(stream: Http2Stream): void {
    if (stream.localEnded && stream.remoteEnded) this.forget(stream);
  }

  /** Ends a stream that is not complete, and tells its sink why. */
  cut(stream: Http2Stream, error: HttpError): void {
    if (stream.closed) return;
    this.forget(stream, error);
    stream.sink.onCut(error);
  }

  /** Ends every stream: the connection is gone. */
  cutAll(cause: Error): void {
    for (const stream of [...this.open.values()])
      this.cut(stream, cutError(this.#role, 'the session ended', { cause }));
  }

  /** Takes a stream off the books without a word to its sink; writes that wait are settled. */
  forget(stream: Http2Stream, error?: HttpError): void {
    if (stream.closed) return;
    stream.closed = true;
    this.open.delete(stream.id);
    stream.pendingBytes = 0;
    for (const write of stream.pending.splice(0)) write.done?.(error);
    const ended = stream.endRequested;
    stream.endRequested = undefined;
    ended?.(error);
    this.#onChange();
  }
}

export const MAX_STREAM_ID = 0x7fff_ffff;
